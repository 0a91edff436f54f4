"""The totals of a quote, from lines to billing periods. Pure functions over ``Decimal``.

Each step is rounded to cents: line gross = quantity × unit price; minus the line's own discount; minus its share of
the quote discount; tax = rate × net. Sums add up rounded amounts, so a column always adds up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from webapp.models.catalog import ONE_TIME, RECURRENCES
from webapp.services.quoting.money.money import HUNDRED, ZERO, allocate, percent_of, to_cents


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
    def is_optional(self) -> bool: ...
    @property
    def is_selected(self) -> bool: ...


@dataclass(frozen=True)
class LineTotals:
    """Amounts of one line in cents. ``net`` = gross − own_discount − quote_discount; ``total`` = net + tax.

    ``counts`` is False for an optional line that isn't selected: it has amounts, but no sum includes them.
    """

    gross: Decimal
    own_discount: Decimal
    quote_discount: Decimal
    net: Decimal
    tax: Decimal
    cost: Decimal
    counts: bool

    @property
    def discount(self) -> Decimal:
        """Both discounts together."""
        return self.own_discount + self.quote_discount

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


def compute(
    lines: Sequence[PricedLine],
    tax_rates: Sequence[Decimal],
    *,
    discount_kind: str = "none",
    discount_value: Decimal = Decimal(0),
    shipping_amount: Decimal = Decimal(0),
) -> Totals:
    """Compute everything. ``tax_rates``: one per line, in percent.

    A quote discount in percent applies to every line. An amount is split over the included one-time lines, up to
    their total.
    """
    grosses = [to_cents(line.quantity * line.unit_price) for line in lines]
    owns = [_own_discount(line, gross) for line, gross in zip(lines, grosses, strict=True)]
    before = [gross - own for gross, own in zip(grosses, owns, strict=True)]
    shares = _quote_discounts(lines, before, discount_kind, discount_value)
    results = []
    for line, rate, gross, own, share in zip(lines, tax_rates, grosses, owns, shares, strict=True):
        net = gross - own - share
        results.append(
            LineTotals(
                gross=gross,
                own_discount=own,
                quote_discount=share,
                net=net,
                tax=percent_of(net, rate),
                cost=to_cents(line.quantity * line.unit_cost),
                counts=_counts(line),
            )
        )
    return Totals(lines=tuple(results), periods=_sum_periods(lines, results, to_cents(shipping_amount)))


def _counts(line: PricedLine) -> bool:
    return line.is_selected or not line.is_optional


def _own_discount(line: PricedLine, gross: Decimal) -> Decimal:
    """The line's own discount, at most its gross amount."""
    match line.discount_kind:
        case "percent":
            amount = percent_of(gross, line.discount_value)
        case "unit":
            amount = to_cents(line.quantity * line.discount_value)
        case "line":
            amount = to_cents(line.discount_value)
        case _:
            amount = ZERO
    return min(amount, gross)


def _quote_discounts(
    lines: Sequence[PricedLine], before: Sequence[Decimal], kind: str, value: Decimal
) -> list[Decimal]:
    if kind == "percent":
        return [percent_of(amount, value) for amount in before]
    if kind == "amount":
        weights = [
            amount if _counts(line) and line.recurrence == ONE_TIME else ZERO
            for line, amount in zip(lines, before, strict=True)
        ]
        return allocate(min(to_cents(value), sum(weights, ZERO)), weights)
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
