"""Price, margin and markup follow each other, prices by quantity apply, and endings round up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from webapp.services.quoting.money import prices
from webapp.services.quoting.money.prices import Tier

COSTS = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(100_000), places=2)
MARGINS = st.decimals(min_value=Decimal("-99.9"), max_value=Decimal("99.9"), places=1)
ENDINGS = st.sampled_from([*prices.ENDINGS])
HALF_CENT = Decimal("0.005")


@given(COSTS, MARGINS)
def test_the_three_follow_each_other(cost: Decimal, margin: Decimal) -> None:
    price = prices.with_margin(cost, margin)
    assert abs(price - cost * 100 / (100 - margin)) <= HALF_CENT
    markup = margin * 100 / (100 - margin)
    assert prices.with_markup(cost, markup) == pytest.approx(price, abs=Decimal("0.01"))
    assume(price > 0)
    back, up = prices.margin_of(price, cost), prices.markup_of(price, cost)
    assert back is not None
    assert up is not None
    # As near as half a cent of the price and the shown decimal let them be.
    assert abs(back - margin) <= Decimal("0.05") + HALF_CENT * cost * 100 / (price * (price - HALF_CENT))
    assert abs(up - markup) <= Decimal("0.05") + HALF_CENT * 100 / cost


@given(COSTS, MARGINS, ENDINGS)
def test_an_ending_never_takes_from_the_margin(cost: Decimal, margin: Decimal, ending: str) -> None:
    plain, price = prices.with_margin(cost, margin), prices.with_margin(cost, margin, ending)
    assert plain <= price < plain + 1
    if ending != prices.NO_ENDING and plain >= 1:
        assert price % 1 == prices.ENDINGS[ending]


@pytest.mark.parametrize(
    ("price", "ending", "digits", "found"),
    [
        ("26.404", "none", 2, "26.40"),
        ("26.40", "00", 2, "27.00"),
        ("27.00", "00", 2, "27.00"),
        ("26.40", "95", 2, "26.95"),
        ("26.96", "95", 2, "27.95"),
        ("26.40", "99", 2, "26.99"),
        ("26.99", "99", 2, "26.99"),
        ("0.02", "99", 2, "0.02"),
        ("2640.4", "99", 0, "2640"),
    ],
)
def test_endings(price: str, ending: str, digits: int, found: str) -> None:
    assert prices.ended(Decimal(price), ending, digits) == Decimal(found)


TIERED = (
    Tier(Decimal(0), Decimal(20)),
    Tier(Decimal(10), Decimal("18.5")),
    Tier(Decimal(50), None, Decimal(15)),
)


@pytest.mark.parametrize(
    ("quantity", "price"), [("1", "20"), ("9.99", "20"), ("10", "18.5"), ("49", "18.5"), ("50", "17")]
)
def test_the_price_follows_the_quantity(quantity: str, price: str) -> None:
    found = prices.reckoned(
        prices.TIERS, percent=Decimal(0), cost=Decimal(5), quantity=Decimal(quantity), tiers=TIERED
    )
    assert found == Decimal(price)


def test_rules_that_have_nothing_to_reckon_with_leave_the_price() -> None:
    for rule in prices.RULES:
        found = prices.reckoned(rule, percent=Decimal(20), cost=Decimal(0), quantity=Decimal(1), tiers=())
        assert found is None


@given(
    st.lists(
        st.builds(
            Tier,
            st.decimals(min_value=0, max_value=10_000, places=2),
            st.none() | st.decimals(min_value=0, max_value=10_000, places=4),
        ),
        max_size=6,
        unique_by=lambda tier: tier.quantity,
    )
)
def test_tiers_are_stored_as_they_are(tiers: list[Tier]) -> None:
    stored = prices.store_tiers(tiers)
    assert list(prices.parse_tiers(stored)) == sorted(tiers, key=lambda tier: tier.quantity)
    assert prices.store_tiers(prices.parse_tiers(stored)) == stored


@pytest.mark.parametrize("text", ["x", "1", "1=", "1=a", "=;"])
def test_other_text_is_no_tiers(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        prices.parse_tiers(text)


def test_what_is_saved_on_the_list_price() -> None:
    saved = prices.saving(Decimal("28.80"), Decimal(2), Decimal("52.80"))
    assert saved == prices.Saving(Decimal("4.80"), Decimal("8.3"))
    assert prices.saving(Decimal(10), Decimal(1), Decimal(10)) is None
    assert prices.saving(None, Decimal(1), Decimal(10)) is None
