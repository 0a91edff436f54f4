"""After a push: does Autotask come to what we come to, to the cent?"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from webapp.services.autotask.client import Client, Record, condition
from webapp.services.autotask.desired import BUCKETS, Desired, LineTotal
from webapp.services.quoting.money import ZERO, to_cents


@dataclass(frozen=True)
class Report:
    """``differences``: sentences, empty when all agrees. ``amounts``: revenue by bucket, ours and theirs.

    ``opportunity_fix``: amounts that the opportunity should have followed but did not. ``foreign``: items that
    somebody added in Autotask by hand.
    """

    differences: list[str] = field(default_factory=list)
    amounts: dict[str, list[str]] = field(default_factory=dict)
    opportunity_fix: dict[str, Decimal] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For the run's record."""
        return {"differences": self.differences, "amounts": self.amounts, "foreign": self.foreign}


def compare(client: Client, desired: Desired, ids: Mapping[str, int], *, read_opportunity: bool) -> Report:
    """Read the quote's items, and the opportunity where it follows them, and compare. Raises AutotaskError."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        items = pool.submit(client.query, "QuoteItems", [condition("eq", "quoteID", ids["quote"])])
        opportunity = (
            pool.submit(client.get, "Opportunities", ids["opportunity"]) if read_opportunity else None
        )
    return judge(desired, ids, items.result(), opportunity.result() if opportunity else None)


def judge(
    desired: Desired, ids: Mapping[str, int], items: list[Record], opportunity: Record | None
) -> Report:
    """The comparison itself. Pure."""
    report = Report()
    by_id = {int(row["id"]): row for row in items}
    ours = [(line, by_id.pop(ids[line.key], None)) for line in desired.lines if line.key in ids]
    for line, row in ours:
        _line(report, line, row)
    report.foreign.extend(f"{row.get('name')} ({row['id']})" for row in by_id.values())
    present = [row for _, row in ours if row is not None]
    order = [int(row.get("sortOrderID") or 0) for row in present]
    if order != sorted(order):
        report.differences.append("The lines stand in another order in Autotask.")
    _sums(report, desired, ours)
    if opportunity is not None:
        _opportunity(report, desired, opportunity)
    return report


def item_net(row: Record) -> Decimal:
    """What a quote item comes to by its own fields, in cents."""

    def number(name: str) -> Decimal:
        return Decimal(str(row.get(name) or 0))

    gross = number("quantity") * (number("unitPrice") - number("unitDiscount"))
    return to_cents(gross * (1 - number("percentageDiscount") / 100) - number("lineDiscount"))


def _line(report: Report, line: LineTotal, row: Record | None) -> None:
    if row is None:
        report.differences.append(f"{_start(line)} is missing in Autotask.")
        return
    net = item_net(row)
    if net != line.net:
        report.differences.append(f"{_start(line)} comes to {net} in Autotask, to {line.net} here.")
    if bool(row.get("isOptional")) == line.counts:
        report.differences.append(
            f"{_start(line)} is {'optional' if line.counts else 'not optional'} in Autotask only."
        )
    tax = row.get("totalEffectiveTax")
    if tax is not None and to_cents(Decimal(str(tax))) != line.tax:
        report.differences.append(
            f"{_start(line)} carries {to_cents(Decimal(str(tax)))} tax in Autotask, {line.tax} here."
        )


def _start(line: LineTotal) -> str:
    return line.title[:1].upper() + line.title[1:]


def _sums(report: Report, desired: Desired, pairs: list[tuple[LineTotal, Record | None]]) -> None:
    for period, (revenue, _) in BUCKETS.items():
        there = sum(
            (
                item_net(row)
                for line, row in pairs
                if row is not None and line.period == period and not row.get("isOptional")
            ),
            ZERO,
        )
        here = desired.buckets[revenue]
        if here or there:
            report.amounts[period] = [str(here), str(there)]
        if here != there:
            report.differences.append(
                f"The {period.replace('_', '-')} sum is {there} in Autotask, {here} here."
            )


def _opportunity(report: Report, desired: Desired, opportunity: Record) -> None:
    if report.foreign:
        # The opportunity follows lines that are not ours as well; its sums cannot be ours.
        return
    for name, amount in desired.buckets.items():
        if to_cents(Decimal(str(opportunity.get(name) or 0))) != amount:
            report.opportunity_fix[name] = amount
