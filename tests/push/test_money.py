"""Money that Autotask has no line for: credits, tax rounded on the sum, and another currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.connected_desk import Desk
from webapp.models import Quote, QuoteSection, db
from webapp.services.autotask.connection import stored_lists
from webapp.services.autotask.preview import preflight
from webapp.services.company import app_settings


def items_of(desk: Desk, quote: Quote) -> dict[str, dict[str, Any]]:
    """The quote's items in Autotask, by name."""
    (remote,) = desk.tenant.query(
        "Quotes", {"op": "eq", "field": "externalQuoteNumber", "value": str(quote.number)}
    )
    rows = desk.tenant.query("QuoteItems", {"op": "eq", "field": "quoteID", "value": remote["id"]})
    return {row["name"]: row for row in rows}


@pytest.mark.parametrize("discount_as", ["spread", "item"])
def test_a_credit_is_pushed_changed_and_taken_back(desk: Desk, discount_as: str) -> None:
    chosen = desk.settings("products_services").model_copy(update={"discount_as": discount_as})
    desk.save(products_services=chosen)
    quote = desk.quote(
        {"name": "Firewall", "unit_price": Decimal(400)},
        {"name": "Trade-in of the old one", "unit_price": Decimal(-50), "quantity": Decimal(2)},
        discount_kind="percent",
        discount_value=Decimal(10),
    )
    run = desk.push(quote)
    assert run.state == "synced", run.sentence
    credit = items_of(desk, quote)["Trade-in of the old one"]
    assert (Decimal(str(credit["lineDiscount"])), Decimal(str(credit["unitPrice"]))) == (100, 0)
    assert credit["quoteItemType"] == desk.pick("QuoteItems", "quoteItemType", "Discount")
    assert [credit[name] for name in ("productID", "serviceID", "laborID")] == [None, None, None]
    assert run.report["amounts"]["one_time"] == ["260.00", "260.00"]

    quote.lines[1].unit_price = Decimal(-30)
    db.session.commit()
    assert desk.push(quote).state == "synced"
    assert Decimal(str(items_of(desk, quote)["Trade-in of the old one"]["lineDiscount"])) == 60

    quote.lines[1].unit_price = Decimal(30)
    db.session.commit()
    assert desk.push(quote).state == "synced"
    assert items_of(desk, quote)["Trade-in of the old one"]["productID"] is not None

    quote.lines.pop()
    db.session.commit()
    assert desk.push(quote).state == "synced"
    assert "Trade-in of the old one" not in items_of(desk, quote)


@pytest.mark.parametrize("discount_as", ["spread", "item"])
def test_the_discount_of_a_section_agrees_to_the_cent(desk: Desk, discount_as: str) -> None:
    chosen = desk.settings("products_services").model_copy(update={"discount_as": discount_as})
    desk.save(products_services=chosen)
    lines = [{"name": f"Part {number}", "unit_price": Decimal("33.33")} for number in range(3)]
    lines.append({"name": "Care", "unit_price": Decimal("19.99"), "recurrence": "monthly"})
    quote = desk.quote(*lines, discount_kind="amount", discount_value=Decimal(7))
    section = QuoteSection(uid="here", position=0, title="Parts", discount_kind="percent", discount_value=15)
    quote.sections.append(section)
    for line in quote.lines:
        line.section = section
    db.session.commit()
    run = desk.push(quote)
    assert run.state == "synced", run.sentence
    assert run.report["amounts"]["one_time"] == ["77.99", "77.99"]
    assert run.report["amounts"]["monthly"] == ["16.99", "16.99"]

    section.discount_kind, section.discount_value = "amount", Decimal(10)
    db.session.commit()
    run = desk.push(quote)
    assert run.state == "synced", run.sentence
    assert run.report["amounts"]["one_time"] == ["82.99", "82.99"]
    assert run.report["amounts"]["monthly"] == ["19.99", "19.99"]


def test_tax_rounded_on_the_sum_still_agrees_with_autotask(desk: Desk) -> None:
    profile, version = app_settings.get(app_settings.COMPANY_PROFILE)
    app_settings.put(app_settings.COMPANY_PROFILE, {**profile, "tax_rounding": "sum"}, version, None)
    taxed = {"unit_price": Decimal("1.99"), "tax_code": desk.tax}
    run = desk.push(desk.quote(*({"name": f"Part {number}", **taxed} for number in range(5))))
    assert run.state == "synced", run.sentence


def test_a_quote_in_a_foreign_currency_is_never_taken_for_ours(desk: Desk) -> None:
    stored_lists.refresh(desk.runtime)
    quote = desk.quote({"name": "Rack"}, currency="EUR")
    assert "This quote is in EUR" in "\n".join(
        one.sentence for one in preflight.check(desk.runtime, quote).stops
    )
    before = desk.tenant.stats()["writes"]
    run = desk.push(quote)
    assert run.state == "needs_you"
    assert "the amounts in your Autotask are in USD" in run.sentence
    assert desk.tenant.stats()["writes"] == before
