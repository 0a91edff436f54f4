"""Which Autotask records a push matches with ours: by link, id, part number, SKU or name, never by guessing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.push.faults import at_call, killed_push, recover
from tests.push.test_push import of_quote
from tests.support.connected_desk import Desk, newest_entry
from webapp.models import Link, Person, PushQuestion, PushRun, Quote, db
from webapp.services.autotask.known import match_catalog
from webapp.services.autotask.push import processing
from webapp.services.autotask.settings.model import ProductsServicesSettings
from webapp.services.delivery import attempt, room

LOOKUPS = ("Products", "Services", "ServiceBundles")


def product(desk: Desk, name: str, **fields: Any) -> int:
    """A product that someone created in Autotask."""
    common = {"name": name, "isActive": True, "isSerialized": False}
    code = desk.ref("BillingCodes", "Hardware")
    return int(desk.tenant.seed(Products=[{**common, "productBillingCodeID": code, **fields}])["Products"][0])


def service(desk: Desk, name: str, **fields: Any) -> int:
    """A service that someone created in Autotask."""
    common = {"name": name, "isActive": True, "periodType": 2, "unitPrice": 1}
    code = desk.ref("BillingCodes", "Managed Services")
    return int(desk.tenant.seed(Services=[{**common, "billingCodeID": code, **fields}])["Services"][0])


def item_lookups(desk: Desk) -> int:
    by_entity = desk.tenant.stats()["byEntity"]
    return sum(by_entity.get(name, {}).get("query", 0) for name in LOOKUPS)


def references(desk: Desk, quote: Quote) -> list[Any]:
    _, _, items = of_quote(desk, quote.number)
    names = ("productID", "serviceID", "serviceBundleID")
    return [next((row[name] for name in names if row.get(name)), None) for row in items]


def test_every_key_matches_with_one_look_up_for_each_kind_of_record(desk: Desk) -> None:
    pulled, mpn = product(desk, "Pulled one"), product(desk, "Other", manufacturerProductName="mp-7")
    sku, name = product(desk, "Another", sku="SK-7"), product(desk, "Patch PANEL")
    care = service(desk, "Night Care")
    bundle = desk.tenant.query("ServiceBundles")[0]["id"]
    quote = desk.quote(
        {"name": "Ours", "origin_entity": "Products", "origin_id": pulled},
        {"name": "By MPN", "mpn": "MP-7", "sku": "no such", "unit_price": 3},
        {"name": "By SKU", "mpn": "unknown", "sku": "SK-7"},
        {"name": "patch panel", "mpn": "unknown", "sku": "unknown"},
        {"name": "night care", "recurrence": "monthly"},
        {"name": "Pack", "recurrence": "monthly", "origin_entity": "ServiceBundles", "origin_id": bundle},
    )
    desk.tenant.forget_calls()
    assert desk.push(quote).state == "synced"
    assert references(desk, quote) == [pulled, mpn, sku, name, care, bundle]
    assert not {"Products", "Services"} & desk.tenant.stats()["creates"].keys()
    assert item_lookups(desk) == 3, "2 + ⌈6/500⌉"


def test_more_lines_than_fit_into_a_call_are_looked_up_in_batches(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(match_catalog, "BATCH", 4)
    ids = [product(desk, f"Part {number}", sku=f"P-{number}") for number in range(10)]
    lines = [{"name": f"Line {number}", "mpn": f"m{number}", "sku": f"P-{number}"} for number in range(10)]
    quote = desk.quote(*lines)
    desk.tenant.forget_calls()
    assert desk.push(quote).state == "synced"
    assert references(desk, quote) == ids
    # Ten part numbers and two of the SKUs in three calls, the other eight SKUs in two.
    assert item_lookups(desk) == 5


def test_several_products_become_a_question_and_the_answer_serves_the_next_quote(desk: Desk) -> None:
    first, second = (product(desk, f"Twin {number}", sku="TW-1") for number in range(2))
    quote, later = desk.quote({"name": "Twin", "sku": "TW-1"}), desk.quote({"name": "Twin", "sku": "TW-1"})
    run = desk.push(quote)
    assert (run.state, desk.tenant.stats()["writes"]) == ("needs_you", 0)
    assert "2 products in Autotask match line 1 “Twin”" in run.sentence
    answer(quote, second)
    assert desk.process(quote).state == "synced"
    assert desk.push(later).state == "synced", "not asked again"
    assert references(desk, quote) == references(desk, later) == [second]
    assert first != second


def answer(quote: Quote, chosen: int) -> None:
    question = db.session.scalars(db.select(PushQuestion)).one()
    question.chosen_id = chosen
    assert quote.current_revision is not None
    room.add(processing.delivery(quote, quote.current_revision, "answered"))
    db.session.commit()


def test_a_picked_product_that_was_deleted_is_no_answer(desk: Desk) -> None:
    first, second = (product(desk, f"Twin {number}", sku="TW-1") for number in range(2))
    quote = desk.quote({"name": "Twin", "sku": "TW-1"})
    desk.push(quote)
    answer(quote, second)
    desk.tenant.remove("Products", second)
    assert desk.process(quote).state == "synced"
    assert references(desk, quote) == [first]


GONE = ("Products", "Services", "Companies", "Contacts")


def a_pair(desk: Desk) -> tuple[Quote, Quote]:
    """Two quotes of the same customer with the same lines, the first of which is pushed."""
    bundle = desk.tenant.query("ServiceBundles")[0]
    organization = desk.organization()
    person = Person(organization=organization, first_name="Ida", last_name="Ott", email="ida@pair.example")
    lines = [
        {"name": "Box of ours", "sku": "BO-1"},
        {"name": "Care of ours", "recurrence": "monthly"},
        {"name": "Pack", "recurrence": "monthly", "origin_entity": "ServiceBundles", "origin_id": bundle["id"]},
    ]  # fmt: skip
    first, second = (desk.quote(*lines, organization=organization, person=person) for _ in range(2))
    assert desk.push(first).state == "synced"
    return first, second


def linked(entity: str) -> int:
    return int(db.session.scalars(db.select(Link.remote_id).filter_by(remote_entity=entity)).one())


@pytest.mark.parametrize("entity", GONE)
def test_a_linked_record_that_was_deleted_is_matched_or_created_again(desk: Desk, entity: str) -> None:
    _, second = a_pair(desk)
    old = linked(entity)
    desk.tenant.remove(entity, old)  # a company takes its contacts along
    run = desk.push(second)
    assert run.state == "synced", run.sentence
    assert linked(entity) != old


def test_a_deleted_bundle_is_reported_because_no_push_creates_bundles(desk: Desk) -> None:
    _, second = a_pair(desk)
    desk.tenant.remove("ServiceBundles", linked("ServiceBundles"))
    run = desk.push(second)
    assert run.state == "needs_you"
    assert "Line 3 “Pack” was pulled from Autotask, but no longer exists there" in run.sentence


@pytest.mark.parametrize(
    ("entity", "what"),
    [
        ("Products", "which line 1 “Box of ours” uses, is inactive"),
        ("Services", "which line 2 “Care of ours” uses, is inactive"),
        ("ServiceBundles", "which line 3 “Pack” uses, is inactive"),
        ("Companies", "is inactive in Autotask"),
        ("Contacts", "The contact “Ida Ott” is inactive in Autotask"),
    ],
)
def test_an_inactive_linked_record_is_reported_before_anything_is_written(
    desk: Desk, entity: str, what: str
) -> None:
    _, second = a_pair(desk)
    desk.tenant.edit(entity, linked(entity), isActive=0 if entity == "Contacts" else False)
    desk.tenant.forget_calls()
    run = desk.push(second)
    assert (run.state, desk.tenant.stats()["writes"]) == ("needs_you", 0)
    assert what in run.sentence


def test_an_inactive_linked_product_is_activated_if_the_settings_say_so(desk: Desk) -> None:
    _, second = a_pair(desk)
    chosen = desk.settings("products_services").model_dump() | {"inactive_match": "activate"}
    desk.save(products_services=ProductsServicesSettings(**chosen))
    number = linked("Products")
    desk.tenant.edit("Products", number, isActive=False)
    assert desk.push(second).state == "synced"
    row = next(row for row in desk.tenant.state()["Products"] if row["id"] == number)
    assert row["isActive"] is True


@pytest.mark.parametrize("theirs", ["NIGHT watch", "Night watch"])
def test_a_service_of_the_same_name_matches_in_any_case(desk: Desk, theirs: str) -> None:
    number = service(desk, theirs)
    quote = desk.quote({"name": "Night watch", "recurrence": "monthly"})
    assert desk.push(quote).state == "synced"
    assert references(desk, quote) == [number]


def test_an_inactive_service_of_the_same_name_is_reported_instead_of_colliding(desk: Desk) -> None:
    service(desk, "Night watch", isActive=False)
    desk.tenant.forget_calls()
    run = desk.push(desk.quote({"name": "Night Watch", "recurrence": "monthly"}))
    assert (run.state, desk.tenant.stats()["writes"]) == ("needs_you", 0)
    assert "inactive" in run.sentence


def test_a_service_that_someone_creates_during_the_push_is_used(desk: Desk) -> None:
    quote = desk.quote({"name": "Night watch", "recurrence": "monthly"})
    entry = desk.publish(quote)
    made: list[int] = []
    row = {"name": "Night watch", "isActive": True, "periodType": 2, "unitPrice": 1, "billingCodeID": 1}
    # After the look-ups, of which the first push of a new customer makes three here.
    with at_call(4, lambda: made.extend(desk.tenant.seed(Services=[row])["Services"]), "before"):
        attempt.perform(desk.runtime, entry.id, early=True)
    assert newest_entry(quote.id).state == "done"
    assert references(desk, quote) == made


def test_another_systems_quote_with_the_same_number_and_name_is_not_ours(desk: Desk) -> None:
    quote = desk.quote({"name": "Box"})
    desk.publish(quote)
    other = desk.tenant.query("Opportunities")[0]
    theirs = {"externalQuoteNumber": str(quote.number), "name": f"{quote.number} {quote.title}"}
    desk.tenant.seed(Quotes=[{**theirs, "opportunityID": other["id"], "companyID": other["companyID"]}])
    organization = quote.organization
    assert organization is not None
    company = {"companyName": organization.name, "companyType": 1, "phone": "1", "isActive": True}
    desk.tenant.seed(Companies=[company])
    run = desk.process(quote)
    assert run.state == "needs_you"
    assert "already has a quote with the external number" in run.sentence


def test_a_file_in_doubt_is_not_the_file_of_the_next_revision(desk: Desk) -> None:
    quote = desk.quote({"name": "Box"})
    desk.push(quote)
    quote.lines[0].unit_price += 1
    db.session.commit()
    entry = desk.publish(quote)
    # The item, the file, and what is read afterwards: the second or first of them is the file.
    files = len(desk.tenant.state()["OpportunityAttachments"])
    for nth in (1, 2):
        killed_push(desk, entry.id, nth, "after")
        db.session.expire_all()
        if len(desk.tenant.state()["OpportunityAttachments"]) > files:
            break
        recover(desk, quote.id)
        quote.lines[0].unit_price += 1
        db.session.commit()
        entry = desk.publish(quote)
        files = len(desk.tenant.state()["OpportunityAttachments"])
    quote.lines[0].unit_price += 1
    db.session.commit()
    desk.publish(quote)
    recover(desk, quote.id)
    assert quote.current_revision is not None
    titles = [row["title"] for row in desk.tenant.state()["OpportunityAttachments"]]
    assert any(f"revision {quote.current_revision.number} " in title for title in titles), titles


def test_a_refusal_stops_the_push_at_once_and_names_line_and_field(desk: Desk) -> None:
    quote = desk.quote({"name": "Box"}, {"name": "Lamp", "unit_price": 5})
    desk.publish(quote)
    # Our list has the companies that are vendors, and any company may be one: only Autotask can tell.
    vendor = {"default_vendor_id": 987654}
    desk.save(products_services=desk.settings("products_services").model_copy(update=vendor))
    run: PushRun = desk.process(quote)
    assert run.state == "failed"
    assert run.sentence.startswith("The product of line ")
    assert "defaultVendorID" in run.sentence
    assert newest_entry(quote.id).state == "parked"


@pytest.mark.parametrize("entity", ["Opportunities", "QuoteItems"])
def test_a_create_that_takes_effect_after_its_time_out_is_not_repeated(desk: Desk, entity: str) -> None:
    import dataclasses

    hasty = dataclasses.replace(desk.runtime.config, autotask_timeout_seconds=0.6)
    desk.runtime = dataclasses.replace(desk.runtime, config=hasty)
    quote = desk.quote({"name": "Box"})
    desk.publish(quote)
    desk.tenant.add_fault(kind="delay", entity=entity, verb="create", seconds=0.9)
    assert desk.process(quote).state == "synced"
    assert desk.tenant.stats()["creates"][entity] == 1
