"""The totals of a quote, from lines to billing periods. Pure functions over ``Decimal``.

Each step is rounded to the currency's decimals: line gross = quantity × unit price; minus the line's own discount;
minus its share of its section's discount; minus its share of the quote discount; tax = rate × net. Sums add up rounded
amounts, so a column always adds up. Where tax is rounded on the sum, each line has its share of that sum.

A line with a price below zero is a credit, such as a trade-in: no discount applies to it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from webapp.models.catalog import ONE_TIME, RECURRENCES
from webapp.services.quoting.money import discounts
from webapp.services.quoting.money.money import (
    HUNDRED,
    ON_SUM,
    ZERO,
    Rounding,
    allocate,
    percent_of,
    rounded,
)
from webapp.services.quoting.money.priced import PricedLine, SectionDiscount, Share


@dataclass(frozen=True)
class LineTotals:
    """Amounts of one line, rounded. ``net`` = gross − its three discounts; ``total`` = net + tax.

    ``counts`` is False for an optional line that isn't selected: it has amounts, but no sum includes them.
    Of a bundle (``bundles``): ``parts`` in their order; the amounts are those of its own billing period, ``others``
    those of its parts' other periods. The setup fee of a line is in ``others``, too; ``is_fee`` is True there.
    """

    gross: Decimal
    own_discount: Decimal
    quote_discount: Decimal
    net: Decimal
    tax: Decimal
    cost: Decimal
    counts: bool
    section_discount: Decimal = ZERO
    parts: tuple[LineTotals, ...] = ()
    others: tuple[tuple[str, LineTotals], ...] = ()
    is_fee: bool = False

    def by_period(self, own: str) -> list[tuple[str, LineTotals]]:
        """The amounts by billing period; ``own``: that of the line."""
        return [(own, self), *self.others]

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
    def overdrawn(self) -> list[str]:
        """The billing periods whose credits come to more than their lines, which no one can sell."""
        return [name for name, period in self.periods.items() if period.net < 0]

    @property
    def used_periods(self) -> list[tuple[str, PeriodTotals]]:
        """One-time always, then each billing period with an amount."""
        return [
            (name, period)
            for name, period in self.periods.items()
            if name == ONE_TIME or period.gross or period.cost
        ]


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
    wholes: Sequence[int] = (),
    fees: Collection[int] = (),
) -> Totals:
    """Compute everything. ``tax_rates``: one per line, in percent. ``tax_names``: two taxes of one rate aren't one tax.
    ``sections``: of each line the discount of its section. ``wholes``: of each line what it is a part of; the parts of
    a bundle have the same number, and are chosen as one. ``fees``: the places of lines that no discount is taken off.

    A quote discount in percent applies to every line. An amount is split over the included one-time lines, up to
    their total.
    """
    digits = rounding.digits
    grosses = [
        line.gross if isinstance(line, Share) else rounded(line.quantity * line.unit_price, digits)
        for line in lines
    ]
    owns = [
        line.own_discount if isinstance(line, Share) else discounts.own_discount(line, gross, digits)
        for line, gross in zip(lines, grosses, strict=True)
    ]
    after = [gross - own for gross, own in zip(grosses, owns, strict=True)]
    parts = discounts.of_sections(lines, after, sections, wholes or range(len(lines)), digits)
    before = [amount - part for amount, part in zip(after, parts, strict=True)]
    reduced = [ZERO if at in fees else amount for at, amount in enumerate(before)]
    shares = discounts.of_quote(lines, reduced, discount_kind, discount_value, digits)
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
