"""A company and a contact are found in Autotask however either side writes them."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from tests.support.connected_desk import Desk
from webapp.models import Person, db
from webapp.services.people import directory


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
