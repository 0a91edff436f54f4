"""A bundle's price is spread over its parts exactly, in a quote and for Autotask."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from webapp.models.catalog import FIXED, RECURRENCES, SUM
from webapp.services.quoting.money import bundles
from webapp.services.quoting.money.money import rounded, rounding
from webapp.services.quoting.revisions import parts, pricing
from webapp.services.quoting.revisions.snapshot import FrozenLine, Snapshot

CURRENCIES = ("USD", "JPY", "KWD")


def part(price: str = "0", quantity: str = "1", recurrence: str = "one_time", **values: Any) -> FrozenLine:
    """A part; its name is its price."""
    known = {"uid": f"part-{price}-{recurrence}", "name": price, "recurrence": recurrence}
    return FrozenLine(**known | {"quantity": quantity, "unit_price": price} | values)


def bundle(kind: str, price: str, *made_of: FrozenLine, **values: Any) -> FrozenLine:
    """A bundle of these parts."""
    known: dict[str, Any] = {"uid": "bundle", "name": "Office", "recurrence": "one_time", "quantity": "1"}
    return FrozenLine(**known | {"bundle": kind, "unit_price": price, "parts": made_of} | values)


def quote(*lines: FrozenLine, **values: Any) -> Snapshot:
    """A revision with these lines."""
    known: dict[str, Any] = {
        "quote_id": 1,
        "number": 1001,
        "revision": 1,
        "title": "Office",
        "currency": "USD",
        "published_at": datetime(2026, 1, 1, tzinfo=UTC),
        "owner_name": "Rep",
        "owner_email": "rep@example.com",
        "organization": None,
        "person": None,
    }
    return Snapshot(lines=lines, **known | values)


def test_a_fixed_price_is_split_in_proportion_and_to_the_cent() -> None:
    line = bundle(FIXED, "100", part("50"), part("50"), part("50"))
    shares = bundles.spread(line, line.parts, 2)
    assert [share.gross for share in shares] == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]
    assert [share.unit_price for share in shares] == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]


def test_parts_without_prices_share_by_cost_and_else_evenly() -> None:
    by_cost = bundle(FIXED, "90", part(unit_cost="10"), part(unit_cost="20"))
    assert [share.gross for share in bundles.spread(by_cost, by_cost.parts, 2)] == [Decimal(30), Decimal(60)]
    evenly = bundle(FIXED, "90", part(), part())
    assert [share.gross for share in bundles.spread(evenly, evenly.parts, 2)] == [Decimal(45), Decimal(45)]


def test_a_fixed_price_is_that_of_its_own_billing_period() -> None:
    line = bundle(FIXED, "900", part("1000"), part("40", "2", "monthly"), quantity="3")
    computed = pricing.of_snapshot(quote(line))
    assert computed.lines[0].net == Decimal("2700.00")
    assert [(name, one.net) for name, one in computed.lines[0].others] == [("monthly", Decimal("240.00"))]
    assert computed.periods["one_time"].net == Decimal("2700.00")
    assert computed.periods["monthly"].net == Decimal("240.00")


def test_each_part_keeps_its_tax() -> None:
    taxed = part("60", tax_name="VAT", tax_rate="10", tax_code_id=1)
    line = bundle(FIXED, "80", taxed, part("40"))
    frozen = quote(line)
    computed = pricing.of_snapshot(frozen)
    assert computed.lines[0].tax == Decimal("4.80")
    assert pricing.taxes(frozen, computed) == {"one_time": [("VAT", Decimal(10), Decimal("4.80"))]}


def test_a_bundle_stands_in_each_billing_period_of_its_parts() -> None:
    line = bundle(SUM, "100", part("100"), part("7", "2", "monthly"), is_optional=True)
    frozen = quote(line)
    groups = pricing.grouped(frozen, pricing.of_snapshot(frozen))
    assert [group.recurrence for group in groups] == ["one_time", "monthly"]
    (first, _), (second, amounts) = groups[0].lines[0], groups[1].lines[0]
    assert [one.name for one in first.parts] == ["100"]
    assert [one.name for one in second.parts] == ["7"]
    assert (second.unit_price, amounts.net) == (Decimal(14), Decimal("14.00"))
    # The customer chooses it once.
    assert (first.is_again, second.is_again) == (False, True)


def test_a_service_bundle_of_autotask_stays_one_line() -> None:
    pulled = {"origin_entity": "ServiceBundles", "origin_id": 7, "recurrence": "monthly"}
    line = bundle(FIXED, "50", part("30", recurrence="monthly"), **pulled)
    frozen = quote(line)
    assert [one.uid for one in parts.flat(frozen).lines] == ["bundle"]
    assert pricing.of_snapshot(frozen).periods["monthly"].net == Decimal("50.00")


def test_what_a_draft_stores_is_what_it_reads() -> None:
    made_of = (part("1.5", "2", item_id=3, description="Fast"), part("0"))
    assert parts._PARTS.validate_json(parts.stored(made_of)) == made_of
    assert parts.stored(()) == ""


def amounts(top: int) -> st.SearchStrategy[str]:
    """Amounts as text, with up to 4 decimals."""
    return st.decimals(min_value=0, max_value=top, places=4).map(str)


PARTS = st.lists(
    st.builds(
        part,
        amounts(5000),
        amounts(40).map(lambda text: text if Decimal(text) else "1"),
        st.sampled_from(RECURRENCES[:3]),
        unit_cost=amounts(3000),
        tax_rate=st.sampled_from(["0", "8.875"]),
    ),
    max_size=6,
)


@given(
    PARTS,
    st.sampled_from([SUM, FIXED]),
    amounts(20_000),
    st.sampled_from(["0.5", "1", "3", "7.3333"]),
    st.sampled_from(["none", "percent", "unit", "line"]),
    amounts(99),
    st.sampled_from([("none", "0"), ("percent", "12.5"), ("amount", "33.33")]),
    st.sampled_from(CURRENCIES),
)
def test_the_parts_add_up_to_the_bundle(
    others: list[FrozenLine],
    kind: str,
    price: str,
    quantity: str,
    discount: str,
    value: str,
    off: tuple[str, str],
    currency: str,
) -> None:
    given_discount = {"discount_kind": discount, "discount_value": value}
    made_of = [part("12.34", "3", unit_cost="5"), *others]
    line = bundle(kind, price, *made_of, quantity=quantity, **given_discount)
    frozen = quote(line, currency=currency, discount_kind=off[0], discount_value=off[1])
    digits = rounding(currency).digits
    computed = pricing.of_snapshot(frozen)
    whole = computed.lines[0]
    if kind == FIXED:
        assert whole.gross == rounded(line.quantity * line.unit_price, digits)
    mine = [
        one for one, its in zip(whole.parts, line.parts, strict=True) if its.recurrence == line.recurrence
    ]
    assert sum((one.net for one in mine), Decimal(0)) == whole.net
    assert all(one.net >= 0 for one in whole.parts)
    for name, one in whole.by_period(line.recurrence):
        assert computed.periods[name].net == one.net
        assert computed.periods[name].tax == one.tax
    # Autotask gets the parts as plain lines: each has the same amount, tax and cost, and so have the sums.
    flat = pricing.of_snapshot(parts.flat(frozen))
    assert [one.net for one in flat.lines] == [one.net for one in whole.parts]
    assert [one.cost for one in flat.lines] == [one.cost for one in whole.parts]
    for name, period in flat.periods.items():
        assert (period.net, period.tax) == (computed.periods[name].net, computed.periods[name].tax)
