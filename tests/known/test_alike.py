"""What only looks like ours, or isn't ours any more, is a question: companies by name, contacts by company."""

from __future__ import annotations

from typing import Any

import pytest

from tests.known.test_matching import answer
from tests.push.test_parties import customer, their_opportunity
from tests.support.connected_desk import Desk
from webapp.models import Person, Quote, db
from webapp.services.quoting.draft import editing


def asked(desk: Desk, quote: Quote) -> str:
    before = desk.tenant.stats()["writes"]
    run = desk.push(quote)
    assert (run.state, desk.tenant.stats()["writes"]) == ("needs_you", before), run.sentence
    return run.sentence


def of_a_new_customer(desk: Desk, name: str, **header: Any) -> Quote:
    person = customer(desk, name)
    return desk.quote({"name": "Rack"}, person=person, organization=person.organization, **header)


def companies(desk: Desk, word: str) -> list[str]:
    rows = desk.tenant.query("Companies", {"op": "beginsWith", "field": "companyName", "value": word})
    return [row["companyName"] for row in rows]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Quillon, Inc.", "Quillon Inc"),
        ("Quillon Inc", "Quillon"),
        ("Quillon & Sons LLC", "Quillon and Sons, L.L.C."),
        ("Quillon Holding S.A.", "Quillon Holding SA"),
        ("QUILLON-WOOD Ltd.", "Quillon Wood Limited"),
    ],
)
@pytest.mark.parametrize("same", [True, False])
def test_a_company_that_looks_alike_is_a_question(desk: Desk, theirs: str, ours: str, same: bool) -> None:
    number = their_opportunity(desk, theirs)["companyID"]
    quote = of_a_new_customer(desk, ours)
    assert asked(desk, quote) == (
        f"No company in Autotask is named “{ours}”, but “{theirs}” may be the same. Nothing was written. Pick the "
        "company, or create a new one."
    )
    answer(quote, number if same else 0)
    assert desk.process(quote).state == "synced"
    word = "Quillon"
    assert sorted(companies(desk, word)) == ([theirs] if same else sorted([theirs, ours]))


def test_another_name_with_the_same_first_word_is_another_company(desk: Desk) -> None:
    their_opportunity(desk, "Quillon Bakery Inc")
    assert desk.push(of_a_new_customer(desk, "Quillon Inc")).state == "synced"
    assert sorted(companies(desk, "Quillon")) == ["Quillon Bakery Inc", "Quillon Inc"]


def test_the_exact_name_needs_no_question(desk: Desk) -> None:
    their_opportunity(desk, "Quillon Inc")
    their_opportunity(desk, "Quillon, Inc.")
    assert desk.push(of_a_new_customer(desk, "Quillon Inc")).state == "synced"
    assert len(companies(desk, "Quillon")) == 2


def test_an_opportunity_of_a_company_that_looks_alike_is_a_question_too(desk: Desk) -> None:
    theirs = their_opportunity(desk, "Quillon, Inc.")
    quote = of_a_new_customer(desk, "Quillon Inc")
    editing.set_opportunity(desk.rep, quote.id, (theirs["id"], "Theirs"))
    assert "may be the same" in asked(desk, quote)
    answer(quote, theirs["companyID"])
    assert desk.process(quote).state == "synced"


def test_a_contact_that_moved_to_another_company_is_a_question(desk: Desk) -> None:
    first = of_a_new_customer(desk, "Quillon & Co")
    assert first.person is not None
    assert desk.push(first).state == "synced"
    other = their_opportunity(desk, "Alder Ltd")["companyID"]
    (contact,) = desk.tenant.query(
        "Contacts", {"op": "eq", "field": "emailAddress", "value": first.person.email}
    )
    desk.tenant.edit("Contacts", contact["id"], companyID=other)
    later = desk.quote({"name": "Box"}, person=first.person, organization=first.organization, title="Later")
    assert asked(desk, later).startswith(
        f"The contact “Pat New” belongs to another company in Autotask now (company {other}), and not to "
        "“Quillon & Co”."
    )
    answer(later, 0)
    assert desk.process(later).state == "synced"
    rows = desk.tenant.query("Contacts", {"op": "eq", "field": "emailAddress", "value": first.person.email})
    assert len(rows) == 2
    third = desk.quote({"name": "Box"}, person=first.person, organization=first.organization, title="Third")
    assert desk.push(third).state == "synced", "the new contact is linked now"
    db.session.rollback()


def test_an_answer_holds_until_its_record_is_linked(desk: Desk) -> None:
    organization = desk.organization("Quillon & Co")
    ida, ivo = (
        Person(organization=organization, first_name=name, last_name="Ott", email="office@quillon.example")
        for name in ("Ida", "Ivo")
    )
    assert desk.push(desk.quote({"name": "Rack"}, organization=organization, person=ida)).state == "synced"
    quote = desk.quote({"name": "Rack"}, organization=organization, person=ivo, title="Later")
    asked(desk, quote)
    answer(quote, 0)
    assert desk.process(quote).state == "synced"
    elsewhere = their_opportunity(desk, "Alder Ltd")["companyID"]
    of_ivo = {"op": "eq", "field": "firstName", "value": "Ivo"}
    for title in ("Third", "Fourth"):
        newest = max(row["id"] for row in desk.tenant.query("Contacts", of_ivo))
        desk.tenant.edit("Contacts", newest, companyID=elsewhere)
        later = desk.quote({"name": "Box"}, organization=organization, person=ivo, title=title)
        assert "belongs to another company in Autotask now" in asked(desk, later)
        answer(later, 0)
        assert desk.process(later).state == "synced"
    assert len(desk.tenant.query("Contacts", of_ivo)) == 3


@pytest.mark.both_databases
@pytest.mark.parametrize("shared", [True, False])
def test_the_contact_of_another_person_with_the_same_mailbox_is_a_question(desk: Desk, shared: bool) -> None:
    organization = desk.organization("Quillon & Co")
    ida, ivo = (
        Person(organization=organization, first_name=name, last_name="Ott", email="office@quillon.example")
        for name in ("Ida", "Ivo")
    )
    assert desk.push(desk.quote({"name": "Rack"}, organization=organization, person=ida)).state == "synced"
    of_mailbox = {"op": "eq", "field": "emailAddress", "value": "office@quillon.example"}
    (contact,) = desk.tenant.query("Contacts", of_mailbox)
    quote = desk.quote({"name": "Rack"}, organization=organization, person=ivo, title="Later")
    assert asked(desk, quote) == (
        "The contact in Autotask with the email of “Ivo Ott” is linked to another person who has this email. Nothing "
        "was written. Pick that contact, or create a new one."
    )
    answer(quote, contact["id"] if shared else 0)
    assert desk.process(quote).state == "synced"
    found = sorted(row["firstName"] for row in desk.tenant.query("Contacts", of_mailbox))
    assert found == (["Ida"] if shared else ["Ida", "Ivo"])
    for person in (ida, ivo):
        later = desk.quote({"name": "Box"}, organization=organization, person=person, title=person.first_name)
        assert desk.push(later).state == "synced", "not asked again"
    assert len(desk.tenant.query("Contacts", of_mailbox)) == len(found)
