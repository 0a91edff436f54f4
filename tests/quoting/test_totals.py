"""Money adds up for any lines."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.models.catalog import RECURRENCES
from webapp.services.quoting.money import totals
from webapp.services.quoting.money.money import CENT, allocate, percent_of, to_cents


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
