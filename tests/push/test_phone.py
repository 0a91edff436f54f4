"""Autotask takes no new company without a phone: the form asks for one, and a sync uses today's directory."""

from __future__ import annotations

import pytest

from tests.support.connected_desk import Desk
from tests.support.visitor import Visitor, text
from webapp.models import Organization, Person, Quote, db
from webapp.services.autotask.preview import plan_only
from webapp.services.autotask.push import processing
from webapp.services.delivery import room

NEW: dict[str, str | bool] = {
    "last_name": "Newman",
    "email": "nell@newman.example",
    "organization": "Newman Ltd",
}


def quote_of(desk: Desk, phone: str = "", of_person: str = "", mobile: str = "") -> Quote:
    organization = Organization(name="Newman Ltd", phone=phone)
    person = Person(
        organization=organization, first_name="Nell", last_name="Newman", email="nell@newman.example",
        phone=of_person, mobile=mobile,
    )  # fmt: skip
    return desk.quote({"name": "Rack"}, organization=organization, person=person)


def their_phone(desk: Desk) -> str:
    (row,) = desk.tenant.query("Companies", {"op": "eq", "field": "companyName", "value": "Newman Ltd"})
    return str(row["phone"])


def test_a_new_contact_of_a_new_quote_needs_a_phone_and_an_organization(
    desk: Desk, desk_admin: Visitor
) -> None:
    form = desk_admin.form("/quotes/new", "/quotes/new/person")
    answer = desk_admin.send(form, {"last_name": "Newman", "email": "nell@newman.example"})
    assert answer.status_code == 422
    assert "Enter a phone number." in text(answer)
    assert "Enter the organization" in text(answer)
    assert db.session.scalar(db.select(Person).filter_by(email="nell@newman.example")) is None


@pytest.mark.parametrize("field", ["phone", "organization_phone"])
def test_with_every_starred_field_the_push_succeeds(desk: Desk, desk_admin: Visitor, field: str) -> None:
    form = desk_admin.form("/quotes/new", "/quotes/new/person")
    desk_admin.send(form, {**NEW, field: "+1 518 555 0177"})
    person = db.session.scalars(db.select(Person).filter_by(email="nell@newman.example")).one()
    quote = desk.quote({"name": "Rack"}, person=person, organization=person.organization)
    assert desk.push(quote).state == "synced"
    assert their_phone(desk).endswith("555 0177")


@pytest.mark.parametrize("number", ["of_person", "mobile"])
def test_the_persons_phone_is_used_and_that_is_said(desk: Desk, number: str) -> None:
    quote = quote_of(desk, **{number: "+1 518 555 0177"})
    assert (
        "Newman Ltd has no phone number, and Autotask requires one for new companies. A new company gets the number of "
        "Nell Newman, +1 518 555 0177."
    ) in plan_only.of_quote(desk.runtime, quote).plan.warnings
    assert desk.push(quote).state == "synced"
    assert their_phone(desk) == "+1 518 555 0177"


@pytest.mark.parametrize("where", ["organization", "person"])
def test_without_a_phone_nothing_is_written_and_try_again_uses_the_directory(desk: Desk, where: str) -> None:
    quote = quote_of(desk)
    before = desk.tenant.stats()["writes"]
    run = desk.push(quote)
    assert (run.state, desk.tenant.stats()["writes"]) == ("needs_you", before)
    assert run.sentence == (
        "The company “Newman Ltd” has no phone number. Autotask requires one for new companies. Add it to the "
        "organization, then choose Try again."
    )
    assert run.report["problems"][0][1:] == ["organization", str(quote.organization_id)]
    revision = quote.current_revision
    assert revision is not None
    record = quote.organization if where == "organization" else quote.person
    assert record is not None
    record.phone = "+1 518 555 0199"
    room.add(processing.delivery(quote, revision, "again"))
    db.session.commit()
    assert desk.process(quote).state == "synced"
    assert quote.current_revision is revision, "the offer stays as it was"
    assert their_phone(desk) == "+1 518 555 0199"


def test_another_field_that_autotask_requires_is_named_with_who_fills_it(desk: Desk) -> None:
    desk.save(company=desk.settings("company").model_copy(update={"company_type": None}))
    run = desk.push(quote_of(desk, phone="+1 518 555 0177"))
    assert run.state == "needs_you"
    assert "Autotask requires “Company type” for a new company" in run.sentence
    assert run.report["problems"][0][1:] == ["settings", "company"]


@pytest.mark.parametrize(
    ("typed", "phone", "extension"),
    [("(212) 555-0100 ext. 200345", "(212) 555-0100", "200345"), ("(212) 555-0100", "(212) 555-0100", None)],
)
def test_an_extension_has_a_field_of_its_own(
    desk: Desk, typed: str, phone: str, extension: str | None
) -> None:
    run = desk.push(quote_of(desk, phone="+1 518 555 0177", of_person=typed))
    assert run.state == "synced", run.sentence
    (row,) = desk.tenant.query(
        "Contacts", {"op": "eq", "field": "emailAddress", "value": "nell@newman.example"}
    )
    assert (row["phone"], row["extension"] or None) == (phone, extension)


def test_a_phone_too_long_for_autotask_is_never_cut(desk: Desk) -> None:
    typed = "+1 212 555 0100, or 0101 after five o'clock"
    before = desk.tenant.stats()["writes"]
    run = desk.push(quote_of(desk, phone="+1 518 555 0177", of_person=typed))
    assert (run.state, desk.tenant.stats()["writes"]) == ("needs_you", before), run.sentence
    assert f"The phone number “{typed}” has {len(typed)} characters. Autotask allows" in run.sentence


@pytest.mark.parametrize("typed", ["(212) 555-0100 ext. 200345", "(212) 555-0100 ext. 20"])
def test_the_companys_number_arrives_whole_or_is_asked_about(desk: Desk, typed: str) -> None:
    """Companies have no field for an extension, and room for 25 characters."""
    run = desk.push(quote_of(desk, phone=typed))
    if len(typed) > 25:
        assert run.state == "needs_you"
        assert (
            f"The phone number “{typed}” has {len(typed)} characters. Autotask allows 25 here."
            in run.sentence
        )
    else:
        assert run.state == "synced", run.sentence
        assert their_phone(desk) == typed
