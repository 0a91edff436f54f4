"""The totals of a quote, from lines to billing periods. Pure functions over ``Decimal``.

Each step is rounded to the currency's decimals: line gross = quantity × unit price; minus the line's own discount;
minus its share of its section's discount; minus its share of the quote discount; tax = rate × net. Sums add up rounded
amounts, so a column always adds up. Where tax is rounded on the sum, each line has its share of that sum.

A line with a price below zero is a credit, such as a trade-in: no discount applies to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from webapp.models.catalog import ONE_TIME, RECURRENCES
from webapp.services.quoting.money.money import (
    HUNDRED,
    ON_SUM,
    ZERO,
    Rounding,
    allocate,
    percent_of,
    rounded,
)


class PricedLine(Protocol):
    """The fields of a line that totals need; ``QuoteLine`` and ``FrozenLine`` have them."""

    @property
    def recurrence(self) -> str: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def unit_price(self) -> Decimal: ...
    @property
    def unit_cost(self) -> Decimal: ...
    @property
    def discount_kind(self) -> str: ...
    @property
    def discount_value(self) -> Decimal: ...
    @property
    def counts(self) -> bool: ...


@dataclass(frozen=True)
class LineTotals:
    """Amounts of one line, rounded. ``net`` = gross − its three discounts; ``total`` = net + tax.

    ``counts`` is False for an optional line that isn't selected: it has amounts, but no sum includes them.
    """

    gross: Decimal
    own_discount: Decimal
    quote_discount: Decimal
    net: Decimal
    tax: Decimal
    cost: Decimal
    counts: bool
    section_discount: Decimal = ZERO

    @property
    def discount(self) -> Decimal:
        """All discounts together."""
        return self.own_discount + self.section_discount + self.quote_discount

    @property
    def total(self) -> Decimal:
        """What the customer pays for this line, with tax."""
        return self.net + self.tax


@dataclass(frozen=True)
class PeriodTotals:
    """Sums of the included lines of one billing period. ``one_time`` includes the shipping."""

    gross: Decimal = ZERO
    discount: Decimal = ZERO
    net: Decimal = ZERO
    tax: Decimal = ZERO
    cost: Decimal = ZERO
    shipping: Decimal = ZERO

    @property
    def revenue(self) -> Decimal:
        """Net with shipping, without tax: the revenue of the opportunity."""
        return self.net + self.shipping

    @property
    def total(self) -> Decimal:
        """What the customer pays in this period."""
        return self.net + self.tax + self.shipping

    @property
    def margin(self) -> Decimal:
        """Net minus cost; shipping has no margin."""
        return self.net - self.cost

    @property
    def margin_percent(self) -> Decimal | None:
        """Margin in percent of net with one decimal; None when net is zero."""
        return (self.margin * HUNDRED / self.net).quantize(Decimal("0.1")) if self.net else None


@dataclass(frozen=True)
class Totals:
    """``lines`` in their order; ``periods`` has every billing period, even without lines."""

    lines: tuple[LineTotals, ...]
    periods: dict[str, PeriodTotals] = field(default_factory=dict)

    @property
    def used_periods(self) -> list[tuple[str, PeriodTotals]]:
        """One-time always, then each billing period with an amount."""
        return [
            (name, period)
            for name, period in self.periods.items()
            if name == ONE_TIME or period.gross or period.cost
        ]


@dataclass(frozen=True)
class SectionDiscount:
    """A discount of the section ``uid``: ``percent`` off its lines, or an ``amount``.

    An amount comes off the section's one-time lines; of a section without any, off its first billing period. It is
    spread over those of these lines that count, up to their total. ``is_choice``: one of its lines is taken.
    """

    uid: str
    kind: str = "none"
    value: Decimal = Decimal(0)
    is_choice: bool = False


def compute(
    lines: Sequence[PricedLine],
    tax_rates: Sequence[Decimal],
    *,
    discount_kind: str = "none",
    discount_value: Decimal = Decimal(0),
    shipping_amount: Decimal = Decimal(0),
    rounding: Rounding = Rounding(),  # noqa: B008  it is immutable
    tax_names: Sequence[str] = (),
    sections: Sequence[SectionDiscount | None] = (),
) -> Totals:
    """Compute everything. ``tax_rates``: one per line, in percent. ``tax_names``: two taxes of one rate aren't one tax.
    ``sections``: of each line the discount of its section.

    A quote discount in percent applies to every line. An amount is split over the included one-time lines, up to
    their total.
    """
    digits = rounding.digits
    grosses = [rounded(line.quantity * line.unit_price, digits) for line in lines]
    owns = [_own_discount(line, gross, digits) for line, gross in zip(lines, grosses, strict=True)]
    after = [gross - own for gross, own in zip(grosses, owns, strict=True)]
    parts = _section_discounts(lines, after, sections, digits)
    before = [amount - part for amount, part in zip(after, parts, strict=True)]
    shares = _quote_discounts(lines, before, discount_kind, discount_value, digits)
    nets = [amount - share for amount, share in zip(before, shares, strict=True)]
    taxes = [percent_of(net, rate, digits) for net, rate in zip(nets, tax_rates, strict=True)]
    if rounding.tax == ON_SUM:
        taxes = _taxes_on_sums(lines, nets, tax_rates, tax_names, taxes, digits)
    results = [
        LineTotals(
            gross=gross,
            own_discount=own,
            section_discount=part,
            quote_discount=share,
            net=net,
            tax=tax,
            cost=rounded(line.quantity * line.unit_cost, digits),
            counts=line.counts,
        )
        for line, gross, own, part, share, net, tax in zip(
            lines, grosses, owns, parts, shares, nets, taxes, strict=True
        )
    ]
    return Totals(
        lines=tuple(results), periods=_sum_periods(lines, results, rounded(shipping_amount, digits))
    )


def _taxes_on_sums(
    lines: Sequence[PricedLine],
    nets: Sequence[Decimal],
    rates: Sequence[Decimal],
    names: Sequence[str],
    by_line: Sequence[Decimal],
    digits: int,
) -> list[Decimal]:
    """Each tax of a billing period computed once on the sum of its lines, then split over them."""
    taxes = list(by_line)
    groups: dict[tuple[str, Decimal, str], list[int]] = {}
    for index, line in enumerate(lines):
        if line.counts and rates[index] and nets[index]:
            name = names[index] if names else ""
            groups.setdefault((line.recurrence, rates[index], name), []).append(index)
    for (_, rate, _), members in groups.items():
        tax = percent_of(sum((nets[index] for index in members), ZERO), rate, digits)
        for index, share in zip(
            members, allocate(tax, [nets[index] for index in members], digits), strict=True
        ):
            taxes[index] = share
    return taxes


def _own_discount(line: PricedLine, gross: Decimal, digits: int) -> Decimal:
    """The line's own discount, at most its gross amount; a credit has none."""
    match line.discount_kind:
        case "percent":
            amount = percent_of(gross, line.discount_value, digits)
        case "unit":
            amount = rounded(line.quantity * line.discount_value, digits)
        case "line":
            amount = rounded(line.discount_value, digits)
        case _:
            amount = ZERO
    return max(ZERO, min(amount, gross))


def _section_discounts(
    lines: Sequence[PricedLine],
    before: Sequence[Decimal],
    sections: Sequence[SectionDiscount | None],
    digits: int,
) -> list[Decimal]:
    """Each line's share of its section's discount: the shares of a billing period add up to it exactly.

    A line that doesn't count has what it would have if it was chosen: the percentage, or all of the amount as the one
    line that is taken. Where none counts, all share.
    """
    shares = [ZERO for _ in lines]
    members: dict[SectionDiscount, list[int]] = {}
    for index, section in enumerate(sections):
        if section is not None and section.value and section.kind != "none":
            members.setdefault(section, []).append(index)
    for section, indexes in members.items():
        of_period: dict[str, list[int]] = {}
        for index in indexes:
            of_period.setdefault(lines[index].recurrence, []).append(index)
        first = next(name for name in RECURRENCES if name in of_period)
        for name, inside in of_period.items():
            priced = [index for index in inside if before[index] > 0]
            counted = [index for index in priced if lines[index].counts] or priced
            base = sum((before[index] for index in counted), ZERO)
            off = ZERO
            if section.kind == "percent":
                off = percent_of(base, section.value, digits)
            elif name == first:
                off = min(rounded(section.value, digits), base)
            for index in set(priced) - set(counted):
                if section.kind == "percent":
                    shares[index] = percent_of(before[index], section.value, digits)
                elif section.is_choice and name == first:
                    shares[index] = min(rounded(section.value, digits), before[index])
            for index, share in zip(
                counted, allocate(off, [before[index] for index in counted], digits), strict=True
            ):
                shares[index] = share
    return shares


def _quote_discounts(
    lines: Sequence[PricedLine], before: Sequence[Decimal], kind: str, value: Decimal, digits: int
) -> list[Decimal]:
    if kind == "percent":
        return [percent_of(max(amount, ZERO), value, digits) for amount in before]
    if kind == "amount":
        weights = [
            max(amount, ZERO) if line.counts and line.recurrence == ONE_TIME else ZERO
            for line, amount in zip(lines, before, strict=True)
        ]
        return allocate(min(rounded(value, digits), sum(weights, ZERO)), weights, digits)
    return [ZERO for _ in lines]


def _sum_periods(
    lines: Sequence[PricedLine], results: Sequence[LineTotals], shipping: Decimal
) -> dict[str, PeriodTotals]:
    periods = {}
    for name in RECURRENCES:
        counted = [
            result
            for line, result in zip(lines, results, strict=True)
            if result.counts and line.recurrence == name
        ]
        periods[name] = PeriodTotals(
            gross=sum((result.gross for result in counted), ZERO),
            discount=sum((result.discount for result in counted), ZERO),
            net=sum((result.net for result in counted), ZERO),
            tax=sum((result.tax for result in counted), ZERO),
            cost=sum((result.cost for result in counted), ZERO),
            shipping=shipping if name == ONE_TIME else ZERO,
        )
    return periods
