"""The pre-flight: what would make the push fail is named before publishing, with the way to mend it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.support import samples
from tests.support.connected_desk import Desk, every_kind
from tests.support.visitor import HTMX, Visitor, text
from webapp.models import Category, Quote, TaxCode, db
from webapp.services.autotask.connection import connection, metadata, stored_lists
from webapp.services.autotask.preview import dry_run, plan_only, preflight
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.model import (
    CategoryRule,
    ItemCategoryMapping,
    ProductsServicesSettings,
)
from webapp.services.quoting.lifecycle import publishing


@pytest.fixture(autouse=True)
def lists(desk: Desk) -> None:
    """Every list of Autotask, read as after connecting."""
    stored_lists.refresh(desk.runtime)


def sentences(desk: Desk, quote: Quote) -> dict[str, list[str]]:
    found = preflight.check(desk.runtime, quote)
    return {name: [one.sentence for one in getattr(found, name)] for name in ("waits", "stops", "may")}


def change_value(desk: Desk, entity: str, field: str, label: str, **change: Any) -> None:
    """Change one value of a picklist in Autotask, and read the lists anew as an admin would."""
    value = str(desk.pick(entity, field, label))
    desk.tenant._ask("PATCH", f"/picklists/{entity}/{field}", {"value": value, **change})
    stored_lists.refresh(desk.runtime)


def test_nothing_is_found_where_a_push_succeeds(desk: Desk) -> None:
    quote = desk.quote(*every_kind(desk), shipping_amount=Decimal("49.90"))
    assert sentences(desk, quote) == {"waits": [], "stops": [], "may": []}
    assert desk.push(quote).state == "synced"
    assert sentences(desk, quote) == {"waits": [], "stops": [], "may": []}


def test_it_makes_at_most_one_call_for_many_looks(desk: Desk) -> None:
    first, second = desk.quote(*every_kind(desk)), desk.quote({"name": "Rack"})
    desk.tenant._ask("DELETE", "/calls")
    for quote in (first, second, first):
        preflight.check(desk.runtime, quote)
    assert desk.tenant.stats()["total"] == 1
    assert desk.tenant.stats()["writes"] == 0


def test_checking_again_reads_the_lists_anew_but_not_again_and_again(desk: Desk, admin: Visitor) -> None:
    quote = desk.quote({"name": "Rack"})
    address = f"/quotes/{quote.id}/preflight"
    assert f'href="{address}?again=1"' in admin.client.get(address, headers=HTMX).text
    value = str(desk.pick("Opportunities", "stage", "Quote Sent"))
    desk.tenant._ask("PATCH", "/picklists/Opportunities/stage", {"value": value, "isActive": False})
    assert "inactive" not in text(admin.client.get(address, headers=HTMX)), "as the lists were last read"
    assert "“Quote Sent”, is inactive" in text(admin.client.get(f"{address}?again=1", headers=HTMX))
    desk.tenant._ask("DELETE", "/calls")
    admin.client.get(f"{address}?again=1", headers=HTMX)
    assert desk.tenant.stats()["total"] == 0, "somebody asked a moment ago"


def test_credentials_that_expired_since_are_found_by_checking_again(desk: Desk) -> None:
    quote = desk.quote({"name": "Rack"})
    assert preflight.check(desk.runtime, quote).is_clear
    desk.tenant.change(secret="another one")
    assert preflight.check(desk.runtime, quote).is_clear, "asked at most every ten minutes"
    report = preflight.check(desk.runtime, quote, refresh=True)
    assert "no longer accepts" in report.waits[0].sentence
    assert preflight.check(desk.runtime, quote).waits, "and that is remembered"


def test_old_lists_serve_instead_of_being_fetched(desk: Desk) -> None:
    from datetime import timedelta

    from webapp.models import RemoteMetadata, utc_now

    quote = desk.quote({"name": "Rack"})
    db.session.execute(db.update(RemoteMetadata).values(fetched_at=utc_now() - timedelta(days=3)))
    db.session.commit()
    desk.tenant._ask("DELETE", "/calls")
    assert sentences(desk, quote)["stops"] == []
    assert desk.tenant.stats()["total"] == 1


def test_without_lists_a_sentence_says_so_and_nothing_is_fetched(desk: Desk) -> None:
    from webapp.models import RemoteMetadata

    quote = desk.quote({"name": "Rack"})
    db.session.execute(db.delete(RemoteMetadata))
    db.session.commit()
    desk.tenant._ask("DELETE", "/calls")
    report = preflight.check(desk.runtime, quote)
    assert report.is_clear
    assert "lists haven't been read yet" in report.notes[0]
    assert desk.tenant.stats()["total"] <= 2, "the billing codes with their picklist"


def silent(desk: Desk, name: str) -> Quote:
    """A quote for a customer without any phone number."""
    organization = desk.organization(name)
    organization.phone = ""
    quote = desk.quote({"name": "Rack"}, organization=organization)
    assert quote.person is not None
    quote.person.phone = ""
    db.session.commit()
    return quote


def test_a_missing_phone_is_named_with_the_organization_to_mend(desk: Desk) -> None:
    quote = silent(desk, "Silent Ltd")
    found = preflight.check(desk.runtime, quote).may
    (only,) = found
    assert only.sentence == (
        "The company “Silent Ltd” has no phone number. Autotask requires one for new companies. Add it to the "
        "organization, then choose Try again."
    )
    assert only.fix == ("organization", str(quote.organization_id))
    assert desk.push(quote).state == "needs_you", "so the warning was right"


def test_an_inactive_picklist_value_is_named(desk: Desk) -> None:
    change_value(desk, "Opportunities", "stage", "Quote Sent", isActive=False)
    quote = desk.quote({"name": "Rack"})
    assert sentences(desk, quote)["stops"] == [
        "The stage of the opportunity “New office”, “Quote Sent”, is inactive in Autotask."
    ]
    assert desk.push(quote).state == "needs_you"


def test_a_status_that_was_deleted_is_named(desk: Desk) -> None:
    change_value(desk, "Opportunities", "status", "Active", remove=True)
    assert "is no longer in Autotask" in sentences(desk, desk.quote({"name": "Rack"}))["stops"][0]


def test_a_billing_code_deleted_just_now_is_found_by_the_one_call(desk: Desk) -> None:
    code = desk.ref("BillingCodes", "Hardware")
    quote = desk.quote({"name": "Rack"}, {"name": "Shelf"})
    desk.tenant.remove("BillingCodes", code)
    assert sentences(desk, quote)["may"] == [
        f"The billing code of line 1 “Rack” (#{code}) is no longer in Autotask."
    ]


def test_an_inactive_role_of_labor_stops_the_push(desk: Desk) -> None:
    role = desk.ref("Roles", "Field Engineer")
    desk.tenant.edit("Roles", role, isActive=False)
    stored_lists.refresh(desk.runtime)
    quote = desk.quote({"name": "Hours", "category_id": desk.labor.id})
    assert sentences(desk, quote)["stops"] == [
        "The role of line 1 “Hours”, “Field Engineer”, is inactive in Autotask."
    ]


def test_an_unmapped_tax_code_and_a_missing_billing_code_are_named(desk: Desk) -> None:
    tax = TaxCode(name="VAT 20 %", rate=Decimal(20))
    db.session.add(tax)
    db.session.commit()
    desk.save(
        products_services=ProductsServicesSettings(shipping_type_id=desk.ref("ShippingTypes", "Ground"))
    )
    quote = desk.quote({"name": "Rack", "tax_code_id": tax.id}, {"name": "Care", "recurrence": "monthly"})
    found = sentences(desk, quote)
    assert found["stops"] == ["Line 1 “Rack” has the tax “VAT 20 %”, which isn't mapped to Autotask."]
    assert found["may"] == [
        "Autotask requires “Billing code” for a new product, but line 1 “Rack” has none.",
        "Autotask requires “Billing code” for a new service, but line 2 “Care” has none.",
    ]


def test_a_record_that_is_linked_needs_no_billing_code(desk: Desk) -> None:
    quote = desk.quote({"name": "Rack"})
    desk.push(quote)
    desk.save(products_services=ProductsServicesSettings())
    assert sentences(desk, quote) == {"waits": [], "stops": [], "may": []}


def test_a_category_that_autotask_does_not_have_is_a_note(desk: Desk) -> None:
    odd = Category(name="Odds and ends")
    db.session.add(odd)
    db.session.commit()
    quote = desk.quote({"name": "Rack", "category_id": odd.id}, {"name": "Tray", "category_id": odd.id})
    report = preflight.check(desk.runtime, quote)
    assert report.is_clear
    (note,) = report.notes
    assert note == (
        "“Odds and ends”, the category of line 1 “Rack” and 1 more, isn't mapped to a product category in Autotask. "
        "New products won't have one."
    )
    choice = next(c for c in metadata.picklist(desk.runtime, "Products", "productCategory") if c.is_active)
    rules = settings_store.active().item_category.rules
    desk.save(
        item_category=ItemCategoryMapping(
            rules={**rules, odd.id: CategoryRule(product_category=choice.value)}
        )
    )
    assert preflight.check(desk.runtime, quote).notes == []


def test_rejected_credentials_are_found_and_remembered(desk: Desk, admin: Visitor) -> None:
    quote = desk.quote({"name": "Rack"})
    desk.tenant.change(secret="another one")
    assert "no longer accepts" in sentences(desk, quote)["waits"][0]
    stored = connection.load()
    assert stored is not None
    assert stored.state == connection.REJECTED
    answer = admin.client.get(f"/quotes/{quote.id}/preflight", headers=HTMX)
    assert "/settings/integrations/" in answer.text


def test_a_connection_that_is_missing_or_not_set_up_is_named(desk: Desk) -> None:
    from webapp.models import Connection, SettingsVersion

    quote = desk.quote({"name": "Rack"})
    db.session.execute(db.delete(SettingsVersion))
    db.session.commit()
    assert "settings aren't live yet" in sentences(desk, quote)["waits"][0]
    connection.disconnect(desk.rep)
    assert "disconnected" in sentences(desk, quote)["waits"][0]
    db.session.execute(db.delete(Connection))
    db.session.commit()
    assert "isn't connected" in sentences(desk, quote)["waits"][0]


def test_it_never_stands_in_the_way_of_publishing(desk: Desk, admin: Visitor) -> None:
    desk.tenant.change(secret="another one")
    organization = desk.organization()
    organization.phone = ""
    quote = desk.quote({"name": "Rack"}, organization=organization)
    said = text(admin.client.get(f"/quotes/{quote.id}/preflight", headers=HTMX))
    assert "You can publish" in said
    assert publishing.publish(desk.rep, quote.id).is_new


def test_the_editor_loads_it_by_itself_and_without_javascript_by_a_link(desk: Desk, admin: Visitor) -> None:
    quote = silent(desk, "Silent <b>Ltd</b>")
    desk.tenant._ask("DELETE", "/calls")
    page = admin.client.get(f"/quotes/{quote.id}").text
    assert f'hx-get="/quotes/{quote.id}/preflight" hx-trigger="load"' in page
    assert desk.tenant.stats()["total"] == 0, "the page itself asks nothing"
    partial = admin.client.get(f"/quotes/{quote.id}/preflight", headers=HTMX).text
    whole = admin.client.get(f"/quotes/{quote.id}/preflight").text
    assert "<html" not in partial
    assert " ".join(partial.split()) in " ".join(whole.split())
    assert f'href="/people/organizations/{quote.organization_id}"' in partial
    assert "<b>" not in partial


def test_a_closed_quote_has_no_preflight(desk: Desk, admin: Visitor) -> None:
    from webapp.services.quoting.answer import acceptance

    quote = desk.quote({"name": "Rack"})
    desk.push(quote)
    acceptance.record_for_customer(desk.rep, quote.id, {"name": "Nora Quist", "email": ""})
    assert admin.client.get(f"/quotes/{quote.id}/preflight", headers=HTMX).text == ""
    assert admin.client.get(f"/quotes/{quote.id}/preflight").status_code == 200


def test_without_redis_the_lists_are_looked_at_and_nothing_is_asked(desk: Desk) -> None:
    from redis import Redis

    away = replace(desk.runtime, redis=Redis.from_url("redis://127.0.0.1:1/0"))
    quote = desk.quote({"name": "Rack"})
    desk.tenant._ask("DELETE", "/calls")
    assert preflight.check(away, quote).is_clear
    assert desk.tenant.stats()["total"] == 0


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("spelled", ["Night care", "NIGHT CARE"])
def test_a_service_that_stands_on_a_quote_more_than_twice_is_named(
    desk: Desk, count: int, spelled: str
) -> None:
    lines = [{"name": "Night care", "recurrence": "monthly"} for _ in range(count - 1)]
    quote = desk.quote({"name": "Rack"}, *lines, {"name": spelled, "recurrence": "monthly"})
    report = preflight.check(desk.runtime, quote)
    said = [one.sentence for one in report.may]
    if count < 3:
        assert said == []
        assert ("Lines 2 and 3 are the same service in Autotask, “Night care”." in report.notes) == (
            count == 2
        )
    else:
        (sentence,) = said
        assert sentence == (
            "Lines 2, 3 and 4 are the same service in Autotask, “Night care”. Autotask may take a service only twice "
            "on a quote. Put them in one line, or use another item."
        )


def test_lines_of_other_names_that_are_linked_to_one_service_are_named_too(desk: Desk) -> None:
    (service, *_) = desk.tenant.query("Services", {"op": "eq", "field": "name", "value": "Managed Server"})
    pulled = {"recurrence": "monthly", "origin_entity": "Services", "origin_id": service["id"]}
    quote = desk.quote(
        {"name": "Managed Server", "recurrence": "monthly"},
        {"name": "Server care", **pulled},
        {"name": "More server care", **pulled},
    )
    assert desk.push(quote).state == "synced"
    assert (
        "Lines 1, 2 and 3 are the same service in Autotask"
        in preflight.check(desk.runtime, quote).may[0].sentence
    )
    warnings = plan_only.of_quote(desk.runtime, quote).plan.warnings
    assert any("Lines 1, 2 and 3 are the same service" in sentence for sentence in warnings)


def test_a_database_that_takes_a_service_twice_refuses_the_third(desk: Desk) -> None:
    desk.tenant.change(dialect={"sameService": "twice"})
    run = desk.push(desk.quote(*({"name": "Night care", "recurrence": "monthly"} for _ in range(3))))
    assert (run.state, "at most twice" in run.sentence) == ("failed", True)


def test_the_test_of_the_integration_knows_the_companys_currency(desk: Desk) -> None:
    samples.company(currency="EUR")
    assert [problem.sentence for problem in dry_run.run(desk.runtime, desk.rep).problems] == []
