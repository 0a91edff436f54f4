"""Subscriptions in Autotask: the setup fee as an item of its own, the term in words where no field takes it. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wanted.test_compile import (
    FACTS,
    LABOR,
    SETTINGS,
    a_line,
    a_quote,
    as_item,
    compiled,
    decimals,
    quotes,
)
from webapp.models.catalog import ONE_TIME
from webapp.services.autotask.settings.model import AutotaskSettings
from webapp.services.autotask.wanted.amounts import item_net
from webapp.services.autotask.wanted.compile import compile_quote
from webapp.services.autotask.wanted.context import Outcome
from webapp.services.autotask.wanted.desired import BUCKETS
from webapp.services.quoting.money.money import ZERO
from webapp.services.quoting.revisions import pricing
from webapp.services.quoting.revisions.snapshot import Snapshot


@st.composite
def subscriptions(draw: st.DrawFn) -> Snapshot:
    """Any quote, with setup fees of what recurs."""
    frozen = draw(quotes())
    fees = st.one_of(st.just(Decimal(0)), decimals("500", 2))
    lines = tuple(
        line
        if line.recurrence == ONE_TIME
        else line.model_copy(update={"setup_fee": draw(fees).quantize(Decimal("0.0001"))})
        for line in frozen.lines
    )
    return frozen.model_copy(update={"lines": lines})


@pytest.mark.parametrize("wanted", [SETTINGS, as_item(SETTINGS)], ids=["spread", "as item"])
@given(frozen=subscriptions())
def test_a_quote_with_setup_fees_lands_to_the_cent(wanted: AutotaskSettings, frozen: Snapshot) -> None:
    desired, ours = compiled(frozen, wanted), pricing.of_snapshot(frozen)
    items = sum((item_net(one.fields) for one in desired.items if not one.fields["isOptional"]), ZERO)
    assert items == sum(period.revenue for period in ours.periods.values())
    assert sum(desired.buckets[revenue] for revenue, _ in BUCKETS.values()) == items
    assert len({item.key for item in desired.items}) == len(desired.items)
    for item, total in zip(desired.items, desired.lines, strict=True):
        assert item_net(item.fields) == total.net, item.title


SEATS = a_line(
    name="Seats",
    recurrence="monthly",
    description="For everyone.",
    term_months=12,
    setup_fee=Decimal("249.50"),
    renewal_price=Decimal(12),
    starts_on=date(2026, 3, 1),
    discount_kind="percent",
    discount_value=Decimal(10),
    category_id=None,
)


def test_a_setup_fee_is_a_one_time_product_behind_its_line() -> None:
    desired = compiled(
        a_quote(SEATS, a_line(uid="b", name="Rack"), discount_kind="amount", discount_value=Decimal(5))
    )
    seats, fee, rack = desired.items
    assert [item.fields["name"] for item in desired.items] == ["Seats", "Setup fee: Seats", "Rack"]
    assert (fee.fields["periodType"], fee.fields["unitPrice"], fee.fields["lineDiscount"]) == (
        1,
        Decimal("249.50"),
        0,
    )
    assert "productID" in fee.fields
    assert "serviceID" in seats.fields
    assert item_net(rack.fields) == 5
    assert (fee.key != seats.key, fee.title) == (True, "line 1 “Setup fee: Seats”")


def test_a_bundles_term_goes_with_its_parts_that_recur() -> None:
    made_of = (
        a_line(uid="p1", name="Care", recurrence="monthly", category_id=None),
        a_line(uid="p2", name="Dock", category_id=None),
    )
    kit = a_line(
        name="Kit",
        recurrence="monthly",
        bundle="sum",
        parts=made_of,
        term_months=12,
        starts_on=date(2026, 3, 1),
    )
    care, dock = compiled(a_quote(kit)).items
    assert care.fields["description"] == "12-month term. Starts Mar 1, 2026."
    assert "term" not in str(dock.fields["description"])
    goods = SETTINGS.products_services.model_copy(update={"terms_in_description": False})
    off = SETTINGS.model_copy(update={"products_services": goods})
    desired = compile_quote(a_quote(kit), Outcome(), content_sha256="0" * 64, settings=off, facts=FACTS)
    (said,) = (one for one in desired.warnings if "term" in one)
    assert "has a term that isn't sent" in said


def test_the_term_stands_in_the_description_or_is_said_not_to_be_sent() -> None:
    frozen = a_quote(SEATS)
    said = "12-month term. Starts Mar 1, 2026. $12.00 each per month after the term."
    seats, fee = compiled(frozen).items
    assert seats.fields["description"] == f"{said}\nFor everyone."
    assert fee.fields["description"] is None
    goods = SETTINGS.products_services.model_copy(update={"terms_in_description": False})
    off = SETTINGS.model_copy(update={"products_services": goods})
    desired = compile_quote(frozen, Outcome(), content_sha256="0" * 64, settings=off, facts=FACTS)
    assert desired.items[0].fields["description"] == "For everyone."
    assert [one for one in desired.warnings if "term" in one] == [
        f"Line 1 “Seats” has a term that isn't sent, because Autotask has no field for it: {said}"
    ]
    short = replace(FACTS, lengths={**FACTS.lengths, ("QuoteItems", "description"): 40})
    cut = compile_quote(frozen, Outcome(), content_sha256="0" * 64, settings=SETTINGS, facts=short)
    assert len(str(cut.items[0].fields["description"])) <= 40
    assert any("is cut off there" in one for one in cut.warnings)


def test_the_setup_fee_of_labor_is_a_product() -> None:
    hours, fee = compiled(a_quote(SEATS.model_copy(update={"category_id": LABOR}))).items
    assert "laborID" in hours.fields
    assert ("productID" in fee.fields, "laborID" in fee.fields) == (True, False)
    assert fee.fields["quoteItemType"] != hours.fields["quoteItemType"]
