"""Customers as they are typed: one organization however often, a country by its name, and a mailbox for two."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.support import samples
from webapp.models import Organization, Person, User, db
from webapp.services.core.errors import Invalid
from webapp.services.people import directory


@pytest.fixture
def rep(app: Flask) -> Iterator[User]:
    """A rep, with the application context open."""
    with app.app_context():
        yield samples.rep()


@pytest.mark.both_databases
@pytest.mark.parametrize("again", ["ÉCOLE Primaire", "école primaire", "E\u0301COLE Primaire"])
def test_an_organization_typed_with_two_people_is_one(rep: User, again: str) -> None:
    first = samples.person(rep, organization="ÉCOLE Primaire")
    second = samples.person(rep, organization=again, email="bea@customer.example")
    assert second.organization is first.organization
    assert db.session.scalar(db.select(db.func.count(Organization.id))) == 1
    assert directory.search_organizations("école") == [first.organization]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("USA", "United States"), ("u.s.", "United States"), ("Deutschland", "Germany"), ("", "")],
)
def test_a_country_is_stored_by_its_english_name(rep: User, typed: str, stored: str) -> None:
    values = {"name": "Customer Ltd", "phone": "1", "billing_country": typed, "shipping_country": typed}
    organization = directory.save_organization(rep, None, values)
    assert (organization.billing_country, organization.shipping_country) == (stored, stored)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("Untied States", "Did you mean United States?"),
        ("Atlantis", "Enter the country's English name or its code"),
    ],
)
def test_what_is_no_country_is_refused_with_a_sentence(rep: User, typed: str, sentence: str) -> None:
    with pytest.raises(Invalid) as caught:
        directory.save_organization(rep, None, {"name": "Customer Ltd", "billing_country": typed})
    assert sentence in caught.value.fields["billing_country"]


@pytest.mark.both_databases
def test_two_people_share_a_mailbox_once_that_was_asked(rep: User) -> None:
    samples.person(rep, email="office@customer.example")
    other = {"first_name": "Bea", "email": "Office@Customer.example"}
    with pytest.raises(Invalid) as caught:
        samples.person(rep, **other)
    assert caught.value.fields["email"] == (
        "Ann Lee has this email too. If they share a mailbox, check the box below."
    )
    db.session.rollback()
    second = samples.person(rep, **other, shares_email="1")
    assert second.email == "office@customer.example"
    assert db.session.scalar(db.select(db.func.count(Person.id))) == 2
