"""Money adds up for any lines."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.models.catalog import RECURRENCES
from webapp.services.core import formatting
from webapp.services.quoting.money import totals
from webapp.services.quoting.money.money import CENT, allocate, percent_of, rounding, to_cents
from webapp.services.quoting.money.priced import SectionDiscount


@dataclass
class Line:
    """A line as the totals see it."""

    recurrence: str = "one_time"
    quantity: Decimal = Decimal(1)
    unit_price: Decimal = Decimal(0)
    unit_cost: Decimal = Decimal(0)
    discount_kind: str = "none"
    discount_value: Decimal = Decimal(0)
    is_optional: bool = False
    is_selected: bool = False

    @property
    def counts(self) -> bool:
        return self.is_selected or not self.is_optional


def decimals(top: str, places: int = 4) -> st.SearchStrategy[Decimal]:
    """Numbers from 0 to ``top``."""
    return st.decimals(min_value=0, max_value=Decimal(top), places=places, allow_nan=False)


LINES = st.lists(
    st.builds(
        Line,
        recurrence=st.sampled_from(RECURRENCES),
        quantity=decimals("1000").map(lambda value: value + Decimal("0.0001")),
        unit_price=decimals("100000"),
        unit_cost=decimals("100000"),
        discount_kind=st.sampled_from(["none", "percent", "unit", "line"]),
        discount_value=decimals("100"),
        is_optional=st.booleans(),
        is_selected=st.booleans(),
    ),
    max_size=12,
)


@given(LINES, st.sampled_from(["none", "percent", "amount"]), decimals("100"), decimals("500"), st.data())
def test_columns_add_up_to_the_cent(
    lines: list[Line], kind: str, value: Decimal, shipping: Decimal, data: st.DataObject
) -> None:
    rates = data.draw(st.lists(decimals("30"), min_size=len(lines), max_size=len(lines)))
    found = totals.compute(lines, rates, discount_kind=kind, discount_value=value, shipping_amount=shipping)
    for line, amounts in zip(lines, found.lines, strict=True):
        for amount in (amounts.gross, amounts.own_discount, amounts.quote_discount, amounts.net, amounts.tax):
            assert amount == amount.quantize(CENT)
        assert amounts.net == amounts.gross - amounts.own_discount - amounts.quote_discount
        assert 0 <= amounts.net <= amounts.gross
        assert amounts.counts == (line.is_selected or not line.is_optional)
    for name, period in found.periods.items():
        counted = [
            amounts
            for line, amounts in zip(lines, found.lines, strict=True)
            if amounts.counts and line.recurrence == name
        ]
        assert period.net == sum((amounts.net for amounts in counted), Decimal(0))
        assert period.tax == sum((amounts.tax for amounts in counted), Decimal(0))
        assert period.gross - period.discount == period.net
        assert period.total == period.net + period.tax + period.shipping
    if kind == "amount":
        spread = sum((amounts.quote_discount for amounts in found.lines), Decimal(0))
        worth = sum(
            (
                amounts.gross - amounts.own_discount
                for line, amounts in zip(lines, found.lines, strict=True)
                if amounts.counts and line.recurrence == "one_time"
            ),
            Decimal(0),
        )
        assert spread == min(to_cents(value), worth)


@given(decimals("1000000", 2), st.lists(decimals("1000", 2), min_size=1, max_size=30))
def test_an_allocation_is_exact_and_fair(total: Decimal, weights: list[Decimal]) -> None:
    if sum(weights) == 0:
        total = Decimal(0)
    parts = allocate(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        exact = total * weight / sum(weights) if sum(weights) else Decimal(0)
        assert abs(part - exact) < CENT


def test_nothing_cannot_carry_an_amount() -> None:
    with pytest.raises(ValueError, match="All weights are zero"):
        allocate(Decimal("1.00"), [Decimal(0)])


def test_halves_go_away_from_zero() -> None:
    assert to_cents(Decimal("0.005")) == Decimal("0.01")
    assert to_cents(Decimal("-0.005")) == Decimal("-0.01")
    assert percent_of(Decimal("10.10"), Decimal("5")) == Decimal("0.51")


def test_an_optional_line_counts_only_when_chosen() -> None:
    price = Decimal(50)
    found = totals.compute(
        [
            Line(unit_price=price),
            Line(unit_price=price, is_optional=True),
            Line(unit_price=price, is_optional=True, is_selected=True),
        ],
        [Decimal(10)] * 3,
    )
    assert found.periods["one_time"].net == Decimal("100.00")
    assert found.periods["one_time"].tax == Decimal("10.00")
    assert found.lines[1].net == Decimal("50.00")


def test_a_discount_is_never_more_than_the_line_is_worth() -> None:
    found = totals.compute(
        [Line(unit_price=Decimal(5), discount_kind="line", discount_value=Decimal(9))], [Decimal(10)]
    )
    assert found.lines[0].net == 0
    assert found.lines[0].tax == 0


def taxed(lines: list[Line], rate: str, **rules: Any) -> totals.Totals:
    return totals.compute(lines, [Decimal(rate) for _ in lines], **rules)


def test_tax_rounded_on_the_sum_of_what_a_discount_split() -> None:
    lines = [Line(unit_price=Decimal(price)) for price in ("2833.33", "2833.33", "2833.34")]
    discount = {"discount_kind": "amount", "discount_value": Decimal(7500)}
    # 8,500.00 less 7,500.00 is 1,000.00; each line's share of the discount leaves a third of it.
    by_line = taxed(lines, "19", **discount).periods["one_time"]
    on_sum = taxed(lines, "19", rounding=rounding("EUR", "sum"), **discount).periods["one_time"]
    assert (by_line.net, by_line.tax, by_line.total) == (Decimal(1000), Decimal("189.99"), Decimal("1189.99"))
    assert (on_sum.net, on_sum.tax, on_sum.total) == (Decimal(1000), Decimal("190.00"), Decimal("1190.00"))


def test_tax_of_a_hundred_small_lines() -> None:
    lines = [Line(unit_price=Decimal("1.99")) for _ in range(100)]
    by_line, on_sum = taxed(lines, "8.875"), taxed(lines, "8.875", rounding=rounding("USD", "sum"))
    assert by_line.periods["one_time"].tax == Decimal("18.00")
    assert on_sum.periods["one_time"].tax == Decimal("17.66")
    assert sum(line.tax for line in on_sum.lines) == Decimal("17.66"), "the column adds up"


def test_two_taxes_of_one_rate_are_rounded_apart() -> None:
    lines = [Line(unit_price=Decimal("0.05")), Line(unit_price=Decimal("0.05"))]
    rules = {"rounding": rounding("USD", "sum")}
    assert taxed(lines, "10", tax_names=["State", "State"], **rules).periods["one_time"].tax == Decimal(
        "0.01"
    )
    assert taxed(lines, "10", tax_names=["State", "City"], **rules).periods["one_time"].tax == Decimal("0.02")


@pytest.mark.parametrize(
    ("currency", "price", "line", "total"),
    [
        ("JPY", "1000.50", "3002", "6004"),
        ("KWD", "10.1255", "30.377", "60.754"),
        ("USD", "10.1255", "30.38", "60.76"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(
    currency: str, price: str, line: str, total: str
) -> None:
    lines = [Line(quantity=Decimal(3), unit_price=Decimal(price)) for _ in range(2)]
    computed = totals.compute(lines, [Decimal(0)] * 2, rounding=rounding(currency))
    assert [result.net for result in computed.lines] == [Decimal(line)] * 2
    assert computed.periods["one_time"].total == Decimal(total)
    assert formatting.money(computed.periods["one_time"].total, currency) == formatting.money(
        Decimal(total), currency
    )


@pytest.mark.parametrize("kind", ["percent", "amount"])
def test_a_credit_is_taken_off_and_never_discounted(kind: str) -> None:
    lines = [Line(unit_price=Decimal(100)), Line(unit_price=Decimal(-50))]
    computed = totals.compute(
        lines, [Decimal(0)] * 2, discount_kind=kind, discount_value=Decimal(10), shipping_amount=Decimal(5)
    )
    assert [line.net for line in computed.lines] == [Decimal(90), Decimal(-50)]
    assert computed.periods["one_time"].total == Decimal(45)


@given(lines=LINES, mode=st.sampled_from(["line", "sum"]), currency=st.sampled_from(["USD", "JPY", "KWD"]))
def test_columns_add_up_in_every_currency(lines: list[Line], mode: str, currency: str) -> None:
    rules = rounding(currency, mode)
    computed = totals.compute(lines, [Decimal("8.875")] * len(lines), rounding=rules)
    for name, period in computed.periods.items():
        counted = [
            r for line, r in zip(lines, computed.lines, strict=True) if r.counts and line.recurrence == name
        ]
        assert period.tax == sum((result.tax for result in counted), Decimal(0))
        assert period.total == round(period.total, rules.digits)
        if mode == "sum":
            assert period.tax == percent_of(period.net, Decimal("8.875"), rules.digits)


@given(LINES, st.sampled_from(["percent", "amount"]), decimals("100"), st.booleans(), st.data())
def test_a_sections_discount_is_spread_exactly(
    lines: list[Line], kind: str, value: Decimal, is_choice: bool, data: st.DataObject
) -> None:
    section = SectionDiscount("one", kind, value, is_choice)
    of = data.draw(st.lists(st.sampled_from([section, None]), min_size=len(lines), max_size=len(lines)))
    found = totals.compute(lines, [Decimal(0)] * len(lines), sections=of)
    inside = [(line, amounts) for line, amounts, one in zip(lines, found.lines, of, strict=True) if one]
    first = next((name for name in RECURRENCES if any(line.recurrence == name for line, _ in inside)), "")
    for _, amounts in inside:
        assert amounts.net == amounts.gross - amounts.own_discount - amounts.section_discount >= 0
    for name in RECURRENCES:
        counted = [amounts for line, amounts in inside if line.recurrence == name and amounts.counts]
        base = sum((amounts.gross - amounts.own_discount for amounts in counted), Decimal(0))
        off = sum((amounts.section_discount for amounts in counted), Decimal(0))
        if kind == "percent":
            assert off == percent_of(base, value)
        elif name == first:
            assert off == min(to_cents(value), base)
        else:
            assert off == 0
    for amounts, one in zip(found.lines, of, strict=True):
        assert one or not amounts.section_discount


def test_an_alternative_shows_what_it_would_cost() -> None:
    lines = [
        Line(unit_price=Decimal(price), is_optional=True, is_selected=price == 100) for price in (100, 80)
    ]
    for kind, is_choice, net in (("amount", True, 65), ("amount", False, 80), ("percent", False, 68)):
        of = [SectionDiscount("one", kind, Decimal(15), is_choice)] * 2
        found = totals.compute(lines, [Decimal(0)] * 2, sections=of)
        assert [amounts.net for amounts in found.lines] == [85, net]
