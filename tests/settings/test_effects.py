"""What options make of a push, seen in Autotask."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from tests.support.connected_desk import Desk
from webapp.models import Person, db
from webapp.models.quote import Quote
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.model import CompanySettings
from webapp.services.core.errors import Invalid
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.lifecycle import transitions
from webapp.services.quoting.revisions import freezing


def choose(desk: Desk, section: str, **values: Any) -> None:
    """Change options and make them count."""
    desk.save(**{section: getattr(settings_store.active(), section).model_copy(update=values)})


def opportunity_of(desk: Desk, quote: Quote) -> dict[str, Any]:
    state = desk.tenant.state()
    remote = next(row for row in state["Quotes"] if row["externalQuoteNumber"] == str(quote.number))
    found: dict[str, Any] = next(
        row for row in state["Opportunities"] if row["id"] == remote["opportunityID"]
    )
    return found


def test_a_lost_quote_is_closed_for_the_reason_that_the_rep_chose_and_opens_again(desk: Desk) -> None:
    statuses = settings_store.active().quote_status
    active = desk.pick("Opportunities", "status", "Active")
    choose(
        desk,
        "quote_status",
        lost=statuses.lost.model_copy(update={"set_closed_date": True, "reason": 4}),
        pending=statuses.pending.model_copy(update={"status": active}),
        loss_reasons={1: 1},
    )
    quote = desk.quote({"name": "A"})
    desk.push(quote)
    transitions.advance(desk.rep, quote.id, "lost", loss_reason_id="1")
    assert desk.process(quote).state == "synced"
    lost = opportunity_of(desk, quote)
    today = datetime.now(UTC).date().isoformat()
    assert (lost["lossReason"], lost["lossReasonDetail"]) == (1, "Price")
    assert str(lost["closedDate"]).startswith(today)
    assert str(lost["lostDate"]).startswith(today)

    transitions.advance(desk.rep, quote.id, "pending")
    assert desk.process(quote).state == "synced"
    again = opportunity_of(desk, quote)
    assert (again["status"], again["closedDate"], again["lostDate"]) == (active, None, None)


def test_a_customer_may_choose_why_or_say_it_but_must_do_one(desk: Desk) -> None:
    choose(desk, "quote_status", loss_reasons={3: 3})
    quote = desk.quote({"name": "A"})
    desk.push(quote)
    live = freezing.live(quote)
    assert live is not None
    seen = {"sha256": quote.current_revision.content_sha256}  # type: ignore[union-attr]
    with pytest.raises(Invalid) as refused:
        acceptance.decline(quote.public_token, {**seen, "loss_reason": "", "reason": " "})
    assert set(refused.value.fields) == {"reason"}
    db.session.rollback()
    acceptance.decline(quote.public_token, {**seen, "loss_reason": "3", "reason": "Not this year."})
    assert desk.process(quote).state == "synced"
    lost = opportunity_of(desk, quote)
    assert (lost["lossReason"], lost["lossReasonDetail"]) == (3, "No budget: Not this year.")
    assert quote.lost_reason == "No budget: Not this year."


def test_an_accepted_quote_is_closed_on_the_day_of_the_acceptance(desk: Desk) -> None:
    won = settings_store.active().quote_status.accepted.model_copy(update={"set_closed_date": True})
    choose(desk, "quote_status", accepted=won, fulfilled=won)
    quote = desk.quote({"name": "A"})
    desk.push(quote)
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC)):
        acceptance.record_for_customer(desk.rep, quote.id, {"name": "Nora Quist"})
    transitions.advance(desk.rep, quote.id, "fulfilled")
    assert desk.process(quote).state == "synced"
    closed = opportunity_of(desk, quote)
    assert str(closed["closedDate"]).startswith("2026-03-01")
    assert closed["lostDate"] is None


def test_an_inactive_product_stops_the_push_or_comes_back(desk: Desk) -> None:
    product = desk.tenant.query("Products")[0]
    desk.tenant.edit("Products", product["id"], isActive=False)
    quote = desk.quote(
        {"name": product["name"], "sku": product["sku"], "mpn": product["manufacturerProductName"]}
    )
    stopped = desk.push(quote)
    assert (stopped.state, "is inactive in Autotask" in stopped.sentence) == ("needs_you", True)
    choose(desk, "products_services", inactive_match="activate")
    lifecycle_entry = desk.quote(
        {"name": product["name"], "sku": product["sku"], "mpn": product["manufacturerProductName"]}
    )
    assert desk.push(lifecycle_entry).state == "synced"
    assert desk.tenant.get(f"/v1.0/Products/{product['id']}")["item"]["isActive"] is True


def test_existing_products_take_what_is_ticked_and_keep_the_rest(desk: Desk) -> None:
    product = desk.tenant.query("Products")[0]
    line = {"name": product["name"], "sku": product["sku"], "mpn": product["manufacturerProductName"]}
    wanted = {**line, "unit_price": "777", "unit_cost": "555", "description": "Ours"}
    choose(
        desk, "products_services", update_existing="overwrite", update_cost=False, update_description=False
    )
    run = desk.push(desk.quote(wanted))
    assert (run.state, run.sentence) == ("synced", "")
    after = desk.tenant.get(f"/v1.0/Products/{product['id']}")["item"]
    assert Decimal(str(after["unitPrice"])) == 777
    assert (after["unitCost"], after["description"]) == (product["unitCost"], product["description"])


def test_products_are_looked_for_on_the_rungs_that_are_ticked(desk: Desk) -> None:
    product = desk.tenant.query("Products")[0]
    line = {"name": "Another name", "sku": product["sku"], "mpn": "OTHER-MPN"}
    choose(desk, "products_services", match_sku=False)
    assert desk.push(desk.quote(line)).state == "synced"
    same = [row for row in desk.tenant.state()["Products"] if row["sku"] == product["sku"]]
    assert len(same) == 2, "the SKU was not asked for, so a product was made"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"phone": "+1 (518) 555-0142"}, {"phone": "518.555.0142"}),
        ({"website": "https://www.Acme-Widgets.example/about"}, {"webAddress": "acme-widgets.example"}),
    ],
)
def test_a_company_is_known_by_its_phone_or_web_address_however_written(
    desk: Desk, ours: dict[str, str], theirs: dict[str, str]
) -> None:
    row = {"companyName": "Entirely Else", "companyType": 1, "ownerResourceID": 29682880, "isActive": True}
    known = desk.tenant.seed(Companies=[{"phone": "0", **row, **theirs}])["Companies"][0]
    organization = desk.organization("Acme Widgets")
    for name, value in ours.items():
        setattr(organization, name, value)
    person = Person(
        organization=organization, first_name="Nora", last_name="Quist", email="nora@acme.example"
    )
    company = settings_store.active().company
    assert isinstance(company, CompanySettings)
    choose(desk, "company", also_phone=True, also_website=True)
    quote = desk.quote({"name": "A"}, organization=organization, person=person)
    assert desk.push(quote).state == "synced"
    assert opportunity_of(desk, quote)["companyID"] == known


def test_a_phone_that_only_ends_alike_is_another_company(desk: Desk) -> None:
    row = {"companyName": "Entirely Else", "companyType": 1, "ownerResourceID": 29682880, "isActive": True}
    other = desk.tenant.seed(Companies=[{**row, "phone": "+1 212 999 0100"}])["Companies"][0]
    choose(desk, "company", also_phone=True)
    quote = desk.quote({"name": "A"})
    assert desk.push(quote).state == "synced"
    assert opportunity_of(desk, quote)["companyID"] != other


def test_labor_tells_its_work_type_and_recurring_months_reach_the_amount(desk: Desk) -> None:
    rule = settings_store.active().item_category.rules[desk.labor.id]
    work_type = desk.ref("BillingCodes", "Onsite Support")
    choose(desk, "item_category", rules={desk.labor.id: rule.model_copy(update={"work_type_id": work_type})})
    choose(desk, "opportunity", use_quote_totals=False, amount_months=12, purchase_order="customer_or_number")
    quote = desk.quote(
        {"name": "Visit", "category_id": desk.labor.id, "unit_price": "100", "description": "Two hours"},
        {"name": "Care for them", "recurrence": "quarterly", "unit_price": "30"},
    )
    assert desk.push(quote).state == "synced"
    state = desk.tenant.state()
    visit = next(row for row in state["QuoteItems"] if row["name"] == "Visit")
    assert visit["description"] == "Two hours\nWork type: Onsite Support"
    opportunity = opportunity_of(desk, quote)
    assert Decimal(str(opportunity["amount"])) == 220
    assert opportunity["totalAmountMonths"] == 12
    remote = next(row for row in state["Quotes"] if row["externalQuoteNumber"] == str(quote.number))
    assert remote["purchaseOrderNumber"] == str(quote.number)
