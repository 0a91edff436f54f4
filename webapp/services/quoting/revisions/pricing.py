"""The totals of a draft and of a frozen revision."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from webapp.models import Quote, QuoteSection
from webapp.models.catalog import ONE_TIME, RECURRENCES
from webapp.models.line import ONE
from webapp.services.company import profile
from webapp.services.quoting.money import bundles
from webapp.services.quoting.money.bundles import Entry
from webapp.services.quoting.money.money import BY_LINE, ON_SUM, rounding
from webapp.services.quoting.money.priced import SectionDiscount
from webapp.services.quoting.money.prices import Saving, saving
from webapp.services.quoting.money.totals import LineTotals, PeriodTotals, Totals
from webapp.services.quoting.revisions import commitments, parts, quantities
from webapp.services.quoting.revisions.snapshot import FrozenLine, FrozenSection, Snapshot

NO_QUANTITIES: Mapping[str, Decimal] = {}


def of_quote(quote: Quote) -> Totals:
    """Totals of the draft, with today's tax rates and the company's way of rounding tax."""
    return of_entries(quote, entries(quote))


def entries(quote: Quote) -> list[Entry]:
    """The lines of the draft as ``of_entries`` takes them, with today's tax rates."""
    digits = rounding(quote.currency).digits
    of_sections, found = _discounts(quote.sections), []
    for number, line in enumerate(quote.lines, start=1):
        made_of = parts.of_line(line)
        code = line.tax_code
        taxes = parts.taxes(made_of) if made_of else [(code.rate, code.name) if code else (Decimal(0), "")]
        shares = bundles.spread(line, made_of, digits) if made_of else ()
        section = of_sections.get(line.section_uid) if of_sections else None
        fee = bundles.fee_of(line, line.setup_fee, digits)
        found.append(Entry(line, taxes, shares, section, number, fee))
    return found


def of_entries(quote: Quote, entries: Sequence[Entry]) -> Totals:
    """Totals of these lines with the discount and the shipping of the draft."""
    return bundles.compute(
        entries,
        rounding=rounding(quote.currency, profile.tax_rounding()),
        discount_kind=quote.discount_kind,
        discount_value=quote.discount_value,
        shipping_amount=quote.shipping_amount,
    )


def of_snapshot(snapshot: Snapshot) -> Totals:
    """Totals of a frozen revision, with its frozen tax rates."""
    how = rounding(snapshot.currency, snapshot.tax_rounding)
    of_sections, entries = _discounts(snapshot.sections), []
    for number, line in enumerate(snapshot.lines, start=1):
        made_of = parts.spread_over(line)
        taxes = [(one.tax_rate, one.tax_name) for one in made_of or (line,)]
        shares = bundles.spread(line, made_of, how.digits) if made_of else ()
        whole = line.number if isinstance(line, parts.FlatLine) else number
        fee = bundles.fee_of(line, line.setup_fee, how.digits)
        is_fee = isinstance(line, parts.FlatLine) and line.is_fee
        entries.append(Entry(line, taxes, shares, of_sections.get(line.section_uid), whole, fee, is_fee))
    return bundles.compute(
        entries,
        rounding=how,
        discount_kind=snapshot.discount_kind,
        discount_value=snapshot.discount_value,
        shipping_amount=snapshot.shipping_amount,
    )


def _discounts(sections: Sequence[QuoteSection | FrozenSection]) -> dict[str, SectionDiscount]:
    """The discounts of sections, by uid."""
    return {
        one.uid: SectionDiscount(one.uid, one.discount_kind, one.discount_value, is_choice=one.choice == ONE)
        for one in sections
        if one.discount_value
    }


def with_choices(
    snapshot: Snapshot, chosen: Collection[str], wanted: Mapping[str, Decimal] = NO_QUANTITIES
) -> Snapshot:
    """The snapshot with exactly the optional sections and lines in ``chosen`` (uids) selected; others are ignored.

    ``wanted``: the quantities of lines by uid; those that can't be chosen are ignored.

    Where one line of a section is taken, another one is only selected if ``chosen`` has exactly one of them.
    """
    used = {line.section_uid for line in snapshot.lines}
    sections = tuple(
        section.model_copy(update={"is_selected": section.uid in chosen})
        if section.is_whole and section.uid in used
        else section
        for section in snapshot.sections
    )
    kinds = {section.uid: section.choice for section in sections}
    counted = Counter(line.section_uid for line in snapshot.lines if line.uid in chosen)

    def is_selected(line: FrozenLine) -> bool:
        match kinds.get(line.section_uid):
            case "whole":
                return line.section_uid in chosen
            case "one" if counted[line.section_uid] != 1:
                return line.is_selected
            case _:
                return line.uid in chosen

    lines = tuple(
        line.model_copy(update={"is_selected": is_selected(line)}) if line.is_optional else line
        for line in (quantities.with_quantity(one, wanted.get(one.uid)) for one in snapshot.lines)
    )
    return snapshot.model_copy(update={"sections": sections, "lines": lines})


def choices(snapshot: Snapshot) -> set[str]:
    """The uids of the optional sections and lines that are selected: ``with_choices`` of them changes nothing."""
    # A section without lines offers nothing to choose.
    used = {line.section_uid for line in snapshot.lines}
    whole = {section.uid for section in snapshot.sections if section.is_whole and section.uid in used}
    return {section.uid for section in snapshot.sections if section.uid in whole and section.is_selected} | {
        line.uid
        for line in snapshot.lines
        if line.is_optional and line.is_selected and line.section_uid not in whole
    }


def digest(computed: Totals, chosen: Collection[str] = ()) -> str:
    """A digest of the totals that a screen shows, and of the optional lines chosen on it (uids)."""
    sums = [
        f"{name}:{period.revenue}:{period.shipping}:{period.tax}:{period.total}"
        for name, period in computed.periods.items()
    ]
    return hashlib.sha256("\x1f".join([*sums, *sorted(chosen)]).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class SectionGroup:
    """The lines of one section in one billing period. ``section``: None for lines without one.

    ``is_first``: no earlier period has lines of the section.
    """

    section: FrozenSection | None
    lines: list[tuple[FrozenLine, LineTotals]]
    is_first: bool = True

    @property
    def counts(self) -> bool:
        """False for a section that the customer takes as a whole, and that isn't selected."""
        return self.section is None or not self.lines or self.section.is_selected or not self.section.is_whole

    @property
    def net(self) -> Decimal:
        """The subtotal without tax: what its lines come to, but for optional ones that aren't selected.

        Of a section that isn't selected itself: what it would add.
        """
        included = (amounts.net for _, amounts in self.lines if amounts.counts or not self.counts)
        return sum(included, Decimal("0.00"))

    @property
    def starts_page(self) -> bool:
        """The PDF begins a page here."""
        return self.section is not None and self.section.starts_page and self.is_first


@dataclass(frozen=True)
class PeriodGroup:
    """The lines of one billing period in order, by section, with their amounts and the period's sums."""

    recurrence: str
    parts: list[SectionGroup]
    sums: PeriodTotals

    @property
    def lines(self) -> list[tuple[FrozenLine, LineTotals]]:
        """The lines of all sections."""
        return [line for part in self.parts for line in part.lines]


def grouped(snapshot: Snapshot, computed: Totals) -> list[PeriodGroup]:
    """The lines by billing period, without empty periods. A section that is only a text stands in the first one."""
    groups: list[PeriodGroup] = []
    sections = {section.uid: section for section in snapshot.sections}
    used = {line.section_uid for line in snapshot.lines}
    texts = {section.uid for section in snapshot.sections if section.text and section.uid not in used}
    shown: set[str] = set()
    priced = list(zip(snapshot.lines, computed.lines, strict=True))
    for recurrence in RECURRENCES:
        listed: dict[str, list[tuple[FrozenLine, LineTotals]]] = {}
        for line, amounts in priced:
            for name, one in amounts.by_period(line.recurrence):
                if name == recurrence:
                    listed.setdefault(line.section_uid, []).append(parts.in_period(line, amounts, name, one))
        sums = computed.periods[recurrence]
        if listed or sums.total or (recurrence == ONE_TIME and sums.shipping):
            groups.append(
                PeriodGroup(
                    recurrence,
                    [
                        SectionGroup(sections.get(uid), listed.get(uid, []), is_first=uid not in shown)
                        for uid in ("", *sections)
                        if uid in listed or (uid in texts and not groups)
                    ],
                    sums,
                )
            )
        shown |= listed.keys()
    return groups


def by_section(quote: Quote, computed: Totals) -> dict[str, dict[str, Decimal]]:
    """The net sums of each section of the draft by billing period, of the lines that count. Keys: uids of sections."""
    sums: dict[str, dict[str, Decimal]] = {section.uid: {} for section in quote.sections}
    for line, amounts in zip(quote.lines, computed.lines, strict=True):
        if line.section is not None and amounts.counts:
            periods = sums[line.section.uid]
            for recurrence, one in amounts.by_period(line.recurrence):
                periods[recurrence] = periods.get(recurrence, Decimal(0)) + one.net
    return {uid: {name: found[name] for name in RECURRENCES if name in found} for uid, found in sums.items()}


def taxes(snapshot: Snapshot, computed: Totals) -> dict[str, list[tuple[str, Decimal, Decimal]]]:
    """The sum of each tax by billing period: name, rate in percent, amount."""
    sums: dict[str, dict[tuple[str, Decimal], Decimal]] = {}
    for line, amounts in zip(snapshot.lines, computed.lines, strict=True):
        if not amounts.counts:
            continue
        taxed = list(zip(line.parts, amounts.parts, strict=True)) if amounts.parts else [(line, amounts)]
        for one, its in taxed:
            if one.tax_name:
                found = [(one.recurrence, its)]
                found += [(name, other) for name, other in its.others if other.is_fee]
                for name, taxed_as in found:
                    period = sums.setdefault(name, {})
                    key = (one.tax_name, one.tax_rate)
                    period[key] = period.get(key, Decimal("0.00")) + taxed_as.tax
    return {
        recurrence: [(name, rate, amount) for (name, rate), amount in period.items()]
        for recurrence, period in sums.items()
    }


def offered(snapshot: Snapshot, computed: Totals) -> dict[str, Any]:
    """What the customer reads of the lines, on the page and in the PDF: one rule for both."""
    return {
        "groups": grouped(snapshot, computed),
        "taxes": taxes(snapshot, computed),
        "savings": savings(snapshot, computed),
        "tax_note": tax_rounding_note(snapshot, computed),
        "terms_of": commitments.words(snapshot),
        "contract": commitments.rows(
            snapshot, commitments.of_snapshot(snapshot, computed), snapshot.published_on, snapshot.place
        ),
    }


def savings(snapshot: Snapshot, computed: Totals) -> dict[str, Saving]:
    """What the customer sees of list prices, by uid: the savings of the lines that show them."""
    digits = rounding(snapshot.currency).digits
    found = {
        line.uid: saving(line.list_price, line.quantity, amounts.net, digits)
        for line, amounts in zip(snapshot.lines, computed.lines, strict=True)
        if line.shows_savings
    }
    return {uid: saved for uid, saved in found.items() if saved is not None}


def tax_rounding_note(snapshot: Snapshot, computed: Totals) -> str:
    """Says how tax is rounded, where the other way would give another sum; empty otherwise."""
    other = snapshot.model_copy(
        update={"tax_rounding": BY_LINE if snapshot.tax_rounding == ON_SUM else ON_SUM}
    )
    if [period.tax for period in of_snapshot(other).periods.values()] == [
        period.tax for period in computed.periods.values()
    ]:
        return ""
    if snapshot.tax_rounding == ON_SUM:
        return "Tax is rounded once, on the sum of the lines with the same tax."
    return "Tax is rounded on each line, so it can differ by a few cents from the rate times the subtotal."


def line_margin_percent(amounts: LineTotals) -> Decimal | None:
    """Margin of one line in percent of its net with one decimal; None when the net is zero."""
    if not amounts.net:
        return None
    return ((amounts.net - amounts.cost) * 100 / amounts.net).quantize(Decimal("0.1"))
