"""The main pushes under every dialect of the sandbox: nothing in the product depends on a belief about Autotask."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask

from sandbox.dialect import SWITCHES
from tests.push.faults import recover
from tests.push.test_histories import items
from tests.support.connected_desk import Desk, every_kind, newest_entry, newest_run, open_desk
from tests.support.sandbox import Tenant
from webapp.models import Quote, db
from webapp.services.autotask.api.client import Client, condition
from webapp.services.autotask.api.errors import CredentialsRejected
from webapp.services.autotask.connection import connection, prerequisites
from webapp.services.autotask.settings.choices import Choices
from webapp.services.quoting.answer import acceptance

DEFAULT = {name: values[0] for name, (values, _) in SWITCHES.items()}
OTHER = {name: values[1] for name, (values, _) in SWITCHES.items()}
DIALECTS = {
    "default": {},
    **{f"{name} {value}": {name: value} for name, value in OTHER.items()},
    "all of them": OTHER,
}


def save(quote: Quote) -> None:
    db.session.commit()
    db.session.expire_all()


def synced(desk: Desk, quote: Quote) -> None:
    run = desk.push(quote)
    assert (run.state, run.sentence) == ("synced", "")


def checked_prerequisites(desk: Desk, _quote: Quote) -> None:
    found = {check.name: check for check in prerequisites.check(desk.runtime)}
    assert found["API permissions"].state == "good", found["API permissions"].details


def first_push(desk: Desk, quote: Quote) -> None:
    terms = [choice.value for choice in Choices(desk.runtime).of("payment_terms") if choice.is_active]
    assert len(terms) == 3
    desk.save(opportunity=desk.settings("opportunity").model_copy(update={"payment_term": terms[1]}))
    synced(desk, quote)
    assert desk.tenant.state()["Quotes"][-1]["paymentTerm"] == terms[1]
    assert [row["name"] for row in items(desk)] == [line.name for line in quote.lines] + ["Shipping"]


def change(desk: Desk, quote: Quote) -> None:
    quote.lines[0].unit_price = Decimal(1200)
    quote.lines[1].position, quote.lines[2].position = quote.lines[2].position, quote.lines[1].position
    save(quote)
    synced(desk, quote)
    assert items(desk)[0]["unitPrice"] == 1200
    assert [row["name"] for row in items(desk)][:-1] == [line.name for line in quote.lines]


def kind_change(desk: Desk, quote: Quote) -> None:
    care = next(line for line in quote.lines if line.name == "Managed Workstation")
    care.recurrence = "one_time"
    save(quote)
    synced(desk, quote)
    (row,) = [row for row in items(desk) if row["name"] == "Managed Workstation"]
    assert (row["productID"] is not None, row["serviceID"]) == (True, None)


def lost_answer(desk: Desk, _quote: Quote) -> None:
    other = desk.quote({"name": "Brand-new box"}, {"name": "Rack"}, title="Lost answer")
    for entity in ("Companies", "Opportunities", "Quotes", "QuoteItems", "Products"):
        desk.tenant.add_fault(kind="cut_after_commit", entity=entity, verb="create", times=1)
    desk.push(other)
    recover(desk, other.id)
    assert [row["name"] for row in items(desk)] == ["Brand-new box", "Rack"]
    assert len([row for row in desk.tenant.state()["Opportunities"] if row["title"] == "Lost answer"]) == 1


def internal_error(desk: Desk, _quote: Quote) -> None:
    other = desk.quote({"name": "Box"}, title="Internal error")
    desk.tenant.add_fault(kind="500", entity="Opportunities", verb="create", times=1)
    desk.push(other)
    recover(desk, other.id)
    assert len([row for row in desk.tenant.state()["Opportunities"] if row["title"] == "Internal error"]) == 1


def deleted_behind_our_back(desk: Desk, _quote: Quote) -> None:
    other = desk.quote({"name": "A"}, {"name": "B"}, {"name": "C"})
    synced(desk, other)
    for row in items(desk)[1:]:
        desk.tenant.remove("QuoteItems", row["id"])
    other.lines[1].unit_price = Decimal(12)
    db.session.delete(other.lines[2])
    save(other)
    synced(desk, other)
    assert [(row["name"], row["unitPrice"]) for row in items(desk)] == [("A", 10), ("B", 12)]


def accepted(desk: Desk, quote: Quote) -> None:
    acceptance.record_for_customer(desk.rep, quote.id, {"name": "Nora Quist"})
    assert desk.process(quote).state == "synced"
    number = next(
        row["opportunityID"]
        for row in desk.tenant.state()["Quotes"]
        if row["externalQuoteNumber"] == str(quote.number)
    )
    (opportunity,) = [row for row in desk.tenant.state()["Opportunities"] if row["id"] == number]
    assert opportunity["status"] == desk.pick("Opportunities", "status", "Closed")


def no_permission(desk: Desk, _quote: Quote) -> None:
    other = desk.quote({"name": "Forbidden box"})
    desk.tenant.change(permissions={"Products": ["query"]})
    run = desk.push(other)
    assert (run.state, "lacks a permission in Autotask" in run.sentence) == ("failed", True), run.sentence
    desk.tenant.change(permissions={})


def wrong_code(desk: Desk, _quote: Quote) -> None:
    tenant = desk.tenant
    client = Client(
        zone_url=f"{tenant.sandbox_url}/ATServicesRest/",
        user_name=tenant.user,
        secret=tenant.secret,
        integration_code="WRONG",
        allowed_hosts=["127.0.0.1"],
    )
    with pytest.raises(CredentialsRejected):
        client.query("Companies", [condition("eq", "id", 0)])


def many_records(desk: Desk, _quote: Quote) -> None:
    client = connection.open_client(desk.runtime)
    desk.tenant.seed(
        TaxCategories=[{"name": f"Category {number}", "isActive": True} for number in range(501)]
    )
    assert len(client.query("TaxCategories", [condition("gte", "id", 0)])) > 501
    assert len(client.query("TaxCategories", [condition("gte", "id", 0)], limit=7)) == 7


def attachment_limit(desk: Desk, _quote: Quote) -> None:
    desk.tenant.change(attachmentRateBytes=100)
    other = desk.quote({"name": "Box"})
    run = desk.push(other)
    assert (run.state, newest_entry(other.id).state) == ("retrying", "waiting"), run.sentence


SCENES: dict[str, Callable[[Desk, Quote], None]] = {
    "prerequisites": checked_prerequisites,
    "first push": first_push,
    "change": change,
    "kind change": kind_change,
    "lost answer": lost_answer,
    "internal error": internal_error,
    "deleted behind our back": deleted_behind_our_back,
    "accepted": accepted,
    "no permission": no_permission,
    "wrong code": wrong_code,
    "many records": many_records,
    "attachment limit": attachment_limit,
}


@pytest.mark.parametrize("name", DIALECTS)
def test_the_main_scenes_agree_under_each_dialect(app: Flask, tenant: Tenant, name: str) -> None:
    tenant.change(dialect=DIALECTS[name])
    with app.app_context():
        desk = open_desk(app, tenant)
        quote = desk.quote(*every_kind(desk), shipping_amount=Decimal("49.90"))
        table = {scene: _outcome(desk, quote, play) for scene, play in SCENES.items()}
    for scene, outcome in table.items():
        print(f"{name:<26} {scene:<24} {outcome}")
    assert table == dict.fromkeys(SCENES, "agrees")


def _outcome(desk: Desk, quote: Quote, play: Callable[[Desk, Quote], None]) -> str:
    try:
        play(desk, quote)
    except AssertionError as error:
        db.session.rollback()
        run = newest_run(quote.id)
        return f"differs: {error} ({run.sentence if run else 'never ran'})"[:600]
    return "agrees"


def test_every_switch_has_a_dialect_of_its_own() -> None:
    assert {switch for dialect in DIALECTS.values() for switch in dialect} == set(SWITCHES)
    assert all(DEFAULT[name] != OTHER[name] for name in SWITCHES)
