"""Names are compared as people read them, in every look-up and on both databases."""

from __future__ import annotations

import unicodedata

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.support import samples
from webapp.models import Item, Organization, User, db, names
from webapp.services.catalog import categories, items, tax_codes
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import clean_text
from webapp.services.people import directory
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.lists import listing
from webapp.services.quoting.lists.listing import View

OIL = "Österreichische Öl GmbH"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ÉCOLE Primaire", "école primaire"),
        (OIL, unicodedata.normalize("NFD", OIL)),
        (OIL, OIL.replace("Ö", "Ö\u200b")),
        ("O'Reilly", "O’Reilly"),
        ("North-South", "North–South"),
        ("A\u00a0B", "A  B"),
        ("Ｆｕｊｉ", "Fuji"),
        ("Straße", "STRASSE"),
        ("İstanbul", "i\u0307stanbul"),
    ],
)
def test_they_are_one(one: str, other: str) -> None:
    assert names.name_key(one) == names.name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Resume", "Résumé"), ("A&B", "AB"), ("Smith", "Smyth"), ("Ltd 1", "Ltd 2")]
)
def test_they_are_two(one: str, other: str) -> None:
    assert names.name_key(one) != names.name_key(other)


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    once = names.folded(text)
    assert names.folded(once) == once
    assert names.clean(names.clean(text)) == names.clean(text)
    assert len(names.name_key(text * 20)) <= names.KEY_LENGTH


def test_what_is_typed_is_stored_composed_and_visible() -> None:
    assert clean_text(unicodedata.normalize("NFD", " Öl\u200b\u00a0GmbH\ufeff ")) == "Öl GmbH"
    family = "👨\u200d👩\u200d👧"
    assert clean_text(family) == family, "a joiner is a part of what is seen"


def test_each_usual_apostrophe_and_dash_is_asked_for() -> None:
    assert names.spellings("Plain") == ["Plain"]
    assert set(names.spellings("O'Neil-Day")) == {"O'Neil-Day", "O’Neil-Day", "O'Neil–Day", "O’Neil–Day"}


@pytest.mark.both_databases
def test_an_organization_is_found_however_it_is_written(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        first = directory.save_organization(rep, None, {"name": "ÉCOLE Primaire", "phone": "518 555 0112"})
        with pytest.raises(Invalid, match="Nothing was saved"):
            directory.save_organization(rep, None, {"name": "école  primaire", "phone": "1"})
        assert directory.organization_named("Ecole Primaire") is None
        assert directory.organization_named("école primaire") is first
        for text in ("école", "PRIMAIRE", "5185550112", "518-555"):
            assert directory.search_organizations(text) == [first], text
        assert directory.search_organizations("100%") == []
        assert db.session.scalar(db.select(db.func.count(Organization.id))) == 1


@pytest.mark.both_databases
def test_items_people_and_quotes_are_found_too(app: Flask) -> None:
    with app.app_context():
        rep: User = samples.rep()
        item = samples.item(rep, name="Kabel Größe 5", sku="LAT-5550")
        assert items.search("lat5550") == items.search("GRÖSSE") == items.search("kabel lat-5550") == [item]
        person = samples.person(rep, first_name="Zoë", last_name="O’Hara", phone="(212) 555-0100")
        for text in ("zoë", "o'hara", "2125550100", "customer ltd"):
            assert directory.search_people(text) == [person], text
        quote = samples.quote(rep, customer=person)
        quote.title = "Büro – Umzug"
        db.session.commit()
        for text in ("büro-umzug", "BÜRO", "ohara umzug"):
            assert [row.quote for row in listing.search(rep, View(text)).rows] == [quote], text


@pytest.mark.both_databases
def test_categories_and_tax_codes_are_unique_as_people_read_them(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        categories.save(rep, None, {"name": "Öl"})
        with pytest.raises(Invalid):
            categories.save(rep, None, {"name": "öl"})
        samples.tax_code(rep, name="MwSt – ermäßigt")
        with pytest.raises(Invalid):
            tax_codes.save(rep, None, {"name": "mwst - ermässigt", "rate": "7", "is_active": "1"})


def test_a_key_follows_its_name(app: Flask) -> None:
    with app.app_context():
        item = samples.item(samples.rep(), name="Old")
        item.name = "New Name"
        db.session.commit()
        assert db.session.scalar(db.select(Item.name_key)) == "new name"


def test_a_signature_is_compared_as_it_is_read(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        quote = samples.quote(rep)
        revision = publishing.publish(rep, quote.id).revision
        signed = {
            "name": "Zoë O’Hara",
            "signature": unicodedata.normalize("NFD", "zoë o'hara"),
            "title": "Buyer",
            "terms": "y",
            **samples.shown(revision),
        }
        acceptance.accept(quote.public_token, signed, [], Evidence())
        assert quote.status == "accepted"
