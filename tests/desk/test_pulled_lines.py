"""What is pulled from Autotask keeps its category and its identity, and goes back as the rules say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.push.test_push import of_quote
from tests.support.connected_desk import Desk
from webapp.models import Category, Quote, db
from webapp.services.autotask.desk import pull
from webapp.services.company import app_settings
from webapp.services.quoting.draft import copying, editing, lines, readiness

TYPES = {"Products": "Product", "Services": "Service"}


def pulled(desk: Desk, row: dict[str, Any], entity: str, recurrence: str) -> Quote:
    """A quote of one line that was pulled from Autotask and is billed as wanted."""
    item = pull.item(desk.runtime, desk.rep, entity, row["id"])
    quote = desk.quote({"name": "Something else"})
    line = lines.add_item(desk.rep, quote.id, item)
    line.recurrence = recurrence
    db.session.commit()
    return quote


@pytest.mark.parametrize(
    ("entity", "recurrence", "kind"),
    [
        ("Products", "one_time", "Product"),
        ("Products", "monthly", "Product"),
        ("Services", "monthly", "Service"),
        ("Services", "one_time", "Product"),
    ],
)
def test_what_was_pulled_goes_back_as_what_the_article_says(
    desk: Desk, entity: str, recurrence: str, kind: str
) -> None:
    row = desk.tenant.query(entity)[0]
    quote = pulled(desk, row, entity, recurrence)
    again = copying.copy(desk.rep, quote.id)
    for one in (quote, again):
        assert desk.push(one).state == "synced"
        item = of_quote(desk, one.number)[2][1]
        assert item["quoteItemType"] == desk.pick("QuoteItems", "quoteItemType", kind)
        same = kind == TYPES[entity]
        assert (item["productID"] or item["serviceID"]) == (row["id"] if same else item["productID"])
        assert bool(item["productID"]) is (kind == "Product")


def test_a_product_category_becomes_category_and_subcategory_and_is_found_again(desk: Desk) -> None:
    nested = desk.pick("Products", "productCategory", "Laptops")
    rows = [row for row in desk.tenant.query("Products") if row["productCategory"] == nested]
    item = pull.item(desk.runtime, desk.rep, "Products", rows[0]["id"])
    assert item.category is not None
    assert item.category.path == "Hardware > Laptops"
    assert db.session.scalar(db.select(db.func.count()).where(Category.name == "Laptops")) == 1
    quote = desk.quote({"name": "Brand new laptop", "sku": "BNL", "category_id": item.category_id})
    assert desk.push(quote).state == "synced"
    (made,) = [row for row in desk.tenant.state()["Products"] if row["sku"] == "BNL"]
    assert made["productCategory"] == nested


@pytest.mark.parametrize("has_default", [False, True])
def test_a_pulled_product_without_a_tax_code_is_said_or_takes_the_default(
    desk: Desk, has_default: bool
) -> None:
    before, version = app_settings.get(app_settings.COMPANY_PROFILE)
    default = {"default_tax_code_id": desk.tax.id if has_default else None}
    app_settings.put(app_settings.COMPANY_PROFILE, {**before, **default}, version, None)
    quote = desk.quote({"name": "Taxed", "tax_code_id": desk.tax.id})
    item = pull.item(desk.runtime, desk.rep, "Products", desk.tenant.query("Products")[0]["id"])
    assert item.tax_code_id is None
    lines.add_item(desk.rep, quote.id, item)
    quote = editing.get(quote.id)
    assert quote.lines[1].tax_code_id == default["default_tax_code_id"]
    said = "\n".join(check.sentence for check in readiness.checks(quote))
    sentence = f"Line 2 “{item.name}” has no tax code, so it isn't taxed. Other lines are."
    assert (sentence in said) is not has_default


def test_an_item_that_is_pulled_again_keeps_the_price_that_a_margin_leads(desk: Desk) -> None:
    row = next(row for row in desk.tenant.query("Products") if row["unitCost"] and row["unitPrice"])
    item = pull.item(desk.runtime, desk.rep, "Products", row["id"])
    typed = item.unit_price
    item.price_rule, item.price_percent, item.unit_price = "margin", Decimal(50), item.unit_cost * 2
    db.session.commit()
    again = pull.item(desk.runtime, desk.rep, "Products", row["id"])
    assert (again.price_rule, again.unit_price) == ("margin", again.unit_cost * 2)
    again.price_rule, again.unit_price = "fixed", Decimal(1)
    db.session.commit()
    assert pull.item(desk.runtime, desk.rep, "Products", row["id"]).unit_price == typed


def test_an_item_that_is_billed_once_when_it_is_pulled_again_has_no_term(desk: Desk) -> None:
    row = desk.tenant.query("Products")[0]
    item = pull.item(desk.runtime, desk.rep, "Products", row["id"])
    item.recurrence, item.term_months, item.setup_fee = "monthly", 12, Decimal(99)
    db.session.commit()
    again = pull.item(desk.runtime, desk.rep, "Products", row["id"])
    assert (again.recurrence, again.term_months, again.setup_fee) == ("one_time", 0, 0)
