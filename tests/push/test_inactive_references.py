"""What a push refers to is looked up before it writes: whatever became inactive since is named."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.support.connected_desk import Desk
from webapp.models import Person, Quote, db
from webapp.services.autotask.connection import metadata
from webapp.services.autotask.preview import plan_only
from webapp.services.autotask.push import processing
from webapp.services.autotask.settings.model import CategoryRule, ItemCategoryMapping
from webapp.services.delivery import room


def everything(desk: Desk, **header: Any) -> Quote:
    """A quote that refers to every kind of record, for settings that name one of each."""
    terms = desk.ref("PaymentTerms", "Net 30")
    vendor = metadata.reference(desk.runtime, "Vendors")[0].value
    category = desk.pick("Opportunities", "opportunityCategoryID", CATEGORY)
    desk.save(
        opportunity=desk.settings("opportunity").model_copy(
            update={"payment_term": terms, "category": category}
        ),
        products_services=desk.settings("products_services").model_copy(update={"default_vendor_id": vendor}),
        item_category=ItemCategoryMapping(
            rules={
                **desk.settings("item_category").rules,
                desk.hardware.id: CategoryRule(
                    product_category=desk.pick("Products", "productCategory", GOODS)
                ),
            }
        ),
    )
    return desk.quote(
        {"name": "Rack kit of ours", "tax_code_id": desk.tax.id, "category_id": desk.hardware.id},
        {"name": "Night care of ours", "recurrence": "monthly"},
        {"name": "Installation", "category_id": desk.labor.id},
        shipping_amount=Decimal(25),
        **header,
    )


CATEGORY, GOODS = "Standard", "Hardware"
REFERENCES = {
    "billing code of a product": ("BillingCodes", "Hardware"),
    "billing code of a service": ("BillingCodes", "Managed Services"),
    "resource": ("Resources", ""),
    "tax region": ("TaxRegions", "New York"),
    "tax category": ("TaxCategories", "Hardware Goods"),
    "payment term": ("PaymentTerms", "Net 30"),
    "role": ("Roles", "Field Engineer"),
    "shipping type": ("ShippingTypes", "Ground"),
    "vendor": ("Vendors", ""),
}
PICKLISTS = {
    "opportunity category": ("Opportunities", "opportunityCategoryID", CATEGORY),
    "product category": ("Products", "productCategory", GOODS),
    "stage": ("Opportunities", "stage", "Quote Sent"),
    "company type": ("Companies", "companyType", "Customer"),
}


def deactivate(desk: Desk, what: str) -> str:
    """Make the record inactive in Autotask; returns its name."""
    if what in PICKLISTS:
        entity, field, label = PICKLISTS[what]
        value = str(desk.pick(entity, field, label))
        desk.tenant._ask("PATCH", f"/picklists/{entity}/{field}", {"value": value, "isActive": False})
        return label
    entity, label = REFERENCES[what]
    if entity == "Resources":
        number = metadata_value(desk, lambda choice: choice.extra.get("email") == desk.rep.email, entity)
    elif entity == "Vendors":
        number = metadata.reference(desk.runtime, "Vendors")[0].value
    else:
        number = desk.ref(entity, label)
    name = next(c.label for c in metadata.reference(desk.runtime, entity) if c.value == number)
    desk.tenant.edit("Companies" if entity == "Vendors" else entity, number, isActive=False)
    return name


def metadata_value(desk: Desk, wanted: Callable[[metadata.Choice], bool], name: str) -> int:
    return next(choice.value for choice in metadata.reference(desk.runtime, name) if wanted(choice))


@pytest.mark.parametrize("spoken", ["refused", "accepted"])
@pytest.mark.parametrize("what", [*REFERENCES, *PICKLISTS])
def test_an_inactive_reference_stops_the_push_before_it_writes(desk: Desk, what: str, spoken: str) -> None:
    desk.tenant.change(dialect={"inactiveReference": spoken})
    quote = everything(desk)
    name = deactivate(desk, what)
    before = desk.tenant.stats()["writes"]
    run = desk.push(quote)
    assert (run.state, desk.tenant.stats()["writes"]) == ("needs_you", before), run.sentence
    assert f"“{name}”, is inactive in Autotask." in run.sentence


def test_the_preview_names_it_too(desk: Desk) -> None:
    quote = everything(desk)
    name = deactivate(desk, "tax region")
    plan = plan_only.of_quote(desk.runtime, quote).plan
    assert f"“{name}”, is inactive" in plan.problems[0].sentence
    assert plan.steps == []


def test_once_it_is_active_again_the_push_goes_through(desk: Desk) -> None:
    quote = everything(desk)
    deactivate(desk, "billing code of a product")
    assert desk.push(quote).state == "needs_you"
    number = desk.ref("BillingCodes", "Hardware")
    desk.tenant.edit("BillingCodes", number, isActive=True)
    assert quote.current_revision is not None
    room.add(processing.delivery(quote, quote.current_revision, "again"))
    db.session.commit()
    assert desk.process(quote).state == "synced"


def test_a_billing_code_is_looked_up_for_each_new_product(desk: Desk) -> None:
    assert desk.push(everything(desk)).state == "synced"
    deactivate(desk, "billing code of a product")
    run = desk.push(desk.quote({"name": "Another rack"}, title="Later"))
    assert (run.state, "“Hardware”, is inactive" in run.sentence) == ("needs_you", True)


def test_what_becomes_inactive_while_a_push_runs_is_named_as_well(desk: Desk) -> None:
    """The lists were confirmed minutes ago, so only Autotask's refusal tells."""
    assert desk.push(everything(desk)).state == "synced"
    name = deactivate(desk, "tax region")
    run = desk.push(desk.quote({"name": "Rack kit of ours", "tax_code_id": desk.tax.id}, title="Later"))
    assert run.state == "needs_you"
    assert f"“{name}”, is inactive in Autotask." in run.sentence


def test_lists_are_read_again_once_in_ten_minutes_and_not_without_need(desk: Desk) -> None:
    quote = desk.quote({"name": "Managed Workstation", "recurrence": "monthly"})
    assert desk.push(quote).state == "synced"
    later = desk.quote({"name": "Managed Workstation", "recurrence": "monthly"}, title="Later")
    desk.tenant.forget_calls()
    assert desk.push(later).state == "synced"
    assert desk.tenant.stats()["total"] == 1 + 11, "n + 12, less the look-up of products"
    quote.lines[0].unit_price += 1
    db.session.commit()
    desk.tenant.forget_calls()
    assert desk.push(quote).state == "synced"
    assert desk.tenant.stats()["total"] == 4


@pytest.mark.parametrize("entity", ["Products", "Services", "Contacts", "Companies"])
def test_a_record_of_the_customer_or_the_catalog_is_named(desk: Desk, entity: str) -> None:
    """The records that are matched, not chosen from a list."""
    organization = desk.organization("Alder Ltd")
    person = Person(organization=organization, first_name="Ida", last_name="Ott", email="ida@alder.example")
    lines = [{"name": "Box of ours"}, {"name": "Care of ours", "recurrence": "monthly"}]
    assert desk.push(desk.quote(*lines, organization=organization, person=person)).state == "synced"
    field = {"Products": "name", "Services": "name", "Contacts": "lastName", "Companies": "companyName"}[
        entity
    ]
    name = {
        "Products": "Box of ours",
        "Services": "Care of ours",
        "Contacts": "Ott",
        "Companies": "Alder Ltd",
    }[entity]
    (row,) = desk.tenant.query(entity, {"op": "eq", "field": field, "value": name})
    desk.tenant.edit(entity, row["id"], isActive=0 if entity == "Contacts" else False)
    before = desk.tenant.stats()["writes"]
    run = desk.push(desk.quote(*lines, organization=organization, person=person, title="Later"))
    assert (run.state, desk.tenant.stats()["writes"]) == ("needs_you", before)
    assert "inactive" in run.sentence
    assert name in run.sentence


def test_another_contact_of_a_synced_quote_is_looked_up_too(desk: Desk) -> None:
    organization = desk.organization("Alder Ltd")
    first, second = (
        Person(organization=organization, first_name=name, last_name="Ott", email=f"{name}@alder.example")
        for name in ("ida", "ivo")
    )
    quote = desk.quote({"name": "Box of ours"}, organization=organization, person=first)
    other = desk.quote({"name": "Box of ours"}, organization=organization, person=second, title="Other")
    assert [desk.push(one).state for one in (quote, other)] == ["synced", "synced"]
    (row,) = desk.tenant.query("Contacts", {"op": "eq", "field": "emailAddress", "value": second.email})
    desk.tenant.edit("Contacts", row["id"], isActive=0)
    quote.person = second
    db.session.commit()
    before = desk.tenant.stats()["writes"]
    run = desk.push(quote)
    assert (run.state, desk.tenant.stats()["writes"]) == ("needs_you", before)
    assert "The contact “ivo Ott” is inactive in Autotask." in run.sentence
