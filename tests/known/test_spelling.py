"""A company and a contact are found in Autotask however either side writes them."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from tests.support.connected_desk import Desk
from webapp.models import Person, db
from webapp.services.people import directory, required_fields


def in_autotask(desk: Desk, name: str, **contact: Any) -> int:
    """A company that somebody added in Autotask; returns its id."""
    resource = desk.tenant.query("Resources")[0]["id"]
    owner = {"companyType": 1, "isActive": True, "phone": "+1 212 555 0100", "ownerResourceID": resource}
    (number,) = desk.tenant.seed(Companies=[{"companyName": name, **owner}])["Companies"]
    if contact:
        desk.tenant.seed(Contacts=[{"companyID": number, "isActive": 1, **contact}])
    return int(number)


def companies(desk: Desk) -> int:
    return len(desk.tenant.state()["Companies"])


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("O’Reilly Supply", "O'Reilly Supply"),
        ("O'Reilly Supply", "O’Reilly Supply"),
        ("North–South Lines", "North-South Lines"),
        ("Österreichische Öl GmbH", "österreichische öl gmbh"),
    ],
)
def test_a_company_is_one_however_it_is_written(desk: Desk, theirs: str, ours: str) -> None:
    number = in_autotask(desk, theirs)
    before = companies(desk)
    organization = desk.organization(ours)
    run = desk.push(desk.quote({"name": "Rack"}, organization=organization))
    assert run.state == "synced", run.sentence
    assert companies(desk) == before
    assert any(row["companyID"] == number for row in desk.tenant.state()["Opportunities"])


def test_a_name_typed_in_three_ways_is_one_company_in_autotask(desk: Desk) -> None:
    before = companies(desk)
    name = "Österreichische Öl GmbH"
    for typed in (name, unicodedata.normalize("NFD", name), name.replace("Ö", "Ö\u200b")):
        organization = directory.organization_named(typed) or directory.save_organization(
            desk.rep, None, {"name": typed, "phone": "+43 1 5550100"}
        )
        person = Person(
            organization=organization, first_name="Pat", last_name="Öl", email=f"pat{len(typed)}@oel.example"
        )
        db.session.add(person)
        db.session.commit()
        run = desk.push(
            desk.quote({"name": "Rack"}, organization=organization, person=person, title=f"Deal {len(typed)}")
        )
        assert run.state == "synced", run.sentence
    assert companies(desk) == before + 1


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("kontakt@xn--bcher-kva.example", "kontakt@bücher.example"),
        ("kontakt@bücher.example", "kontakt@xn--bcher-kva.example"),
    ],
)
def test_a_contact_is_one_in_either_form_of_its_domain(desk: Desk, theirs: str, ours: str) -> None:
    in_autotask(desk, "Bücher GmbH", emailAddress=theirs, firstName="Kim", lastName="Buch")
    before = len(desk.tenant.state()["Contacts"])
    organization = desk.organization("Bücher GmbH")
    person = Person(organization=organization, first_name="Kim", last_name="Buch", email=ours)
    db.session.add(person)
    db.session.commit()
    run = desk.push(desk.quote({"name": "Rack"}, organization=organization, person=person))
    assert run.state == "synced", run.sentence
    assert len(desk.tenant.state()["Contacts"]) == before


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("Cat6 – 2 m", "Cat6 - 2 m"),
        ("O’Brien kit", "O'Brien kit"),
        ("Rock 'n' roll-out", "Rock ’n’ roll–out"),
    ],
)
def test_a_product_and_a_service_are_one_however_they_are_written(desk: Desk, first: str, then: str) -> None:
    def lines(name: str) -> list[dict[str, Any]]:
        return [{"name": name}, {"name": f"{name} care", "recurrence": "monthly"}]

    assert desk.push(desk.quote(*lines(first))).state == "synced"
    before = [len(desk.tenant.state()[entity]) for entity in ("Products", "Services")]
    run = desk.push(desk.quote(*lines(then), title="The same"))
    assert run.state == "synced", run.sentence
    assert [len(desk.tenant.state()[entity]) for entity in ("Products", "Services")] == before


def test_a_contact_without_an_email_is_one_however_the_name_is_written(desk: Desk) -> None:
    required_fields.save(desk.rep, ["phone"])
    organization = desk.organization("Quay Ltd")
    for first_name, last_name, title in (("Jean–Luc", "O’Brien", "One"), ("Jean-Luc", "O'Brien", "Two")):
        person = Person(organization=organization, first_name=first_name, last_name=last_name, email="")
        db.session.add(person)
        db.session.commit()
        quote = desk.quote({"name": "Rack"}, organization=organization, person=person, title=title)
        run = desk.push(quote)
        assert run.state == "synced", run.sentence
    assert len(desk.tenant.query("Contacts", {"op": "contains", "field": "lastName", "value": "Brien"})) == 1
