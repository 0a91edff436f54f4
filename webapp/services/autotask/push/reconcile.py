"""After a push, compare Autotask's totals with ours, to the cent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any

from webapp.models import Link
from webapp.services.autotask.api.client import Client, Record, condition
from webapp.services.autotask.api.values import is_equal
from webapp.services.autotask.known import quote_items
from webapp.services.autotask.known.natural_keys import was_sent
from webapp.services.autotask.known.observation import RemoteRecord
from webapp.services.autotask.push.plan import UPDATE, Step, delete
from webapp.services.autotask.wanted import keys, positions
from webapp.services.autotask.wanted.amounts import item_discount, item_net
from webapp.services.autotask.wanted.desired import BUCKETS, PERIOD_WORDS, Desired, LineTotal, Ref
from webapp.services.autotask.wanted.keys import RecordKey
from webapp.services.quoting.money.money import ZERO, to_cents


@dataclass
class Report:
    """``differences``: sentences, empty when everything agrees. ``amounts``: by period, the quote's sum and Autotask's.

    ``translations``: what lies between them, as a sentence and what it adds by period.

    ``opportunity_fix``: amounts of an opportunity that should have followed its quote and didn't. ``foreign``: items
    that someone added in Autotask. ``duplicates``: ids of items of ours that a lost call created as well.
    ``numbers``: the sort order that Autotask has for our items, by key, in our order. ``notes``: what else to know.
    """

    differences: list[str] = field(default_factory=list)
    amounts: dict[str, list[str]] = field(default_factory=dict)
    translations: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    opportunity_fix: dict[str, Decimal] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)
    numbers: dict[RecordKey, int] = field(default_factory=dict)
    is_opportunity_gone: bool = False

    @property
    def is_in_order(self) -> bool:
        """True when Autotask has our items in our order."""
        return all(one < other for one, other in pairwise(self.numbers.values()))

    def as_json(self) -> dict[str, Any]:
        """For the run's record."""
        return {
            "differences": self.differences,
            "amounts": self.amounts,
            "translations": self.translations,
            "foreign": self.foreign,
            "notes": self.notes,
        }


def compare(
    client: Client, desired: Desired, ids: Mapping[RecordKey, int], lost: Sequence[dict[str, Any]] = ()
) -> Report:
    """Read the quote's items and the opportunity, and compare them. Raises AutotaskError.

    ``lost``: what creates of items sent whose responses were lost.
    """
    with ThreadPoolExecutor(max_workers=2) as pool:
        items = pool.submit(client.query, "QuoteItems", [condition("eq", "quoteID", ids[keys.QUOTE])])
        opportunity = pool.submit(client.get, "Opportunities", ids[keys.OPPORTUNITY])
    return compare_rows(desired, ids, items.result(), opportunity.result(), lost)


def amounts_step(desired: Desired, ids: Mapping[RecordKey, int], report: Report, link: Link | None) -> Step:
    """The step that writes the amounts of an opportunity that didn't follow its quote.

    What its ``link`` holds stays, because the amounts don't belong to us.
    """
    record = desired.opportunity
    present = RemoteRecord.of(link) if link else RemoteRecord(ids[record.key])
    return Step(
        key=record.key.step(keys.AMOUNTS),
        action=UPDATE,
        entity=record.entity,
        title=record.title,
        where=record.where,
        local=record.local,
        fields=dict(report.opportunity_fix),
        all_fields=present.pushed,
        force_fields=present.force_fields,
        remote_id=ids[record.key],
    )


def deletions(desired: Desired, ids: Mapping[RecordKey, int], report: Report) -> list[Step]:
    """The steps that delete our duplicates."""
    return [
        delete(
            quote_items.retired(desired.quote_id, number),
            RemoteRecord(number, {}, ids[desired.quote.key]),
            "an item that a lost call created twice",
        )
        for number in report.duplicates
    ]


def check_amounts(client: Client, ids: Mapping[RecordKey, int], report: Report) -> None:
    """After the amounts were written, check that they stayed. Raises AutotaskError."""
    opportunity = client.get("Opportunities", ids[keys.OPPORTUNITY]) or {}
    _report_amounts(report, opportunity, report.opportunity_fix)


def compare_rows(
    desired: Desired,
    ids: Mapping[RecordKey, int],
    items: list[Record],
    opportunity: Record | None,
    lost: Sequence[dict[str, Any]] = (),
) -> Report:
    """The comparison itself. Pure."""
    report = Report()
    by_id = {int(row["id"]): row for row in items}
    fields = {item.key: item.fields for item in desired.items}
    ours = [(line, by_id.pop(ids[line.key], None)) for line in desired.lines if line.key in ids]
    for line, row in ours:
        _line(report, line, fields[line.key], row)
    report.duplicates.extend(
        number for number, row in by_id.items() if any(was_sent(sent, row) for sent in lost)
    )
    report.foreign.extend(f"{row.get('name')} ({row['id']})" for row in by_id.values())
    added = [row for row in by_id.values() if not row.get("isOptional") and item_net(row) != ZERO]
    report.differences.extend(_extra(row, desired) for row in added)
    _order(report, [(line, row) for line, row in ours if row is not None])
    _sums(report, desired, ours)
    report.is_opportunity_gone = opportunity is None
    if opportunity is None:
        report.differences.append("The opportunity is missing in Autotask.")
    elif not desired.rules:
        # It has the amounts of another quote.
        pass
    elif not desired.follows_quote and not desired.is_shared:
        # Its amounts were written like other fields; a difference was made by people.
        _report_amounts(report, opportunity, desired.buckets)
    elif not report.differences:
        # While lines differ, so do the totals that follow them.
        report.opportunity_fix.update(_other_amounts(opportunity, desired.buckets))
    return report


def _extra(row: Record, desired: Desired) -> str:
    """The sentence about an item that no line stands for. It may be ours: Autotask may finish a lost call very late."""
    name, adds = f"“{row.get('name')}” ({row['id']})", f"adds {item_net(row)} to its totals"
    for item in desired.items:
        sent = {field: value for field, value in item.fields.items() if not isinstance(value, Ref)}
        if was_sent({**sent, positions.FIELD: row.get(positions.FIELD)}, row):
            return f"{name} stands twice in Autotask, as a copy of {item.title}, and {adds}. Delete one of them there."
    return f"{name} was added in Autotask and {adds}."


def _other_amounts(opportunity: Record, wanted: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {name: amount for name, amount in wanted.items() if _cents(opportunity, name) != amount}


def _report_amounts(report: Report, opportunity: Record, wanted: Mapping[str, Decimal]) -> None:
    report.differences.extend(
        f"The opportunity's {_words(name)} is {_cents(opportunity, name)} in Autotask and {amount} here."
        for name, amount in _other_amounts(opportunity, wanted).items()
    )


def _line(report: Report, line: LineTotal, fields: Mapping[str, Any], row: Record | None) -> None:
    say, start = report.differences.append, _start(line)
    if row is None:
        say(f"{start} is missing in Autotask.")
        return
    net = item_net(row)
    if net != line.net:
        say(f"{start} totals {net} in Autotask and {line.net} here.")
    elif item_discount(row) != item_discount(fields):
        say(f"{start} has a discount of {item_discount(row)} in Autotask and {item_discount(fields)} here.")
    if not is_equal(row.get("periodType"), fields["periodType"]):
        say(f"{start} has a different billing period in Autotask than here ({PERIOD_WORDS[line.period]}).")
    if bool(row.get("isOptional")) == line.counts:
        say(
            f"{start} is optional {'in Autotask but not here' if line.counts else 'here but not in Autotask'}."
        )
    tax = row.get("totalEffectiveTax")
    if tax is not None and _cents(row, "totalEffectiveTax") != line.tax:
        say(f"{start} has {_cents(row, 'totalEffectiveTax')} tax in Autotask and {line.tax} here.")


def _order(report: Report, present: list[tuple[LineTotal, Record]]) -> None:
    """Compare the order of our lines; report the first line that is out of order."""
    report.numbers.update({line.key: int(row.get(positions.FIELD) or 0) for line, row in present})
    for (before, _), (after, _) in pairwise(present):
        if report.numbers[before.key] >= report.numbers[after.key]:
            report.differences.append(
                f"{_start(after)} doesn't follow {before.title} in Autotask, as it does here."
            )
            return


def _start(line: LineTotal) -> str:
    return line.title[:1].upper() + line.title[1:]


def _cents(row: Record, name: str) -> Decimal:
    return to_cents(Decimal(str(row.get(name) or 0)))


def _words(name: str) -> str:
    """A field name in words: “monthlyRevenue” is “monthly revenue”."""
    return re.sub(r"([A-Z])", r" \1", name).lower()


def _sums(report: Report, desired: Desired, pairs: list[tuple[LineTotal, Record | None]]) -> None:
    """Compare the totals of our lines by period, using our periods, which were compared line by line."""
    report.translations.extend(
        (one.sentence, {period: str(amount) for period, amount in one.amounts.items()})
        for one in desired.translations
    )
    for period, (revenue, _) in BUCKETS.items():
        remote = sum(
            (
                item_net(row)
                for line, row in pairs
                if row is not None and line.period == period and not row.get("isOptional")
            ),
            ZERO,
        )
        ours = desired.buckets[revenue]
        shown = desired.quote_sums[period]
        if shown or ours or remote:
            report.amounts[period] = [str(shown), str(remote)]
        if ours != remote:
            report.differences.append(
                f"The {PERIOD_WORDS[period]} total is {remote} in Autotask and {ours} here."
            )
