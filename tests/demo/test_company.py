"""The example company's file is complete, and a mistake in it is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from webapp.models import Item, Person, Quote, db
from webapp.services.core.errors import Invalid
from webapp.services.demo import data, seed

MISTAKES = [
    (
        'category = "Networking"',
        'category = "Network"',
        "items, “Ubiquiti Switch Pro 24 PoE”: there is no category “Network”.",
    ),
    (
        'subcategory = "Wi-Fi"',
        'subcategory = "WiFi"',
        "items, “Ubiquiti U7 Pro access point”: there is no subcategory “WiFi”.",
    ),
    (
        'tax_code = "NY sales tax"',
        'tax_code = "VAT"',
        "items, “SonicWall TZ370 firewall”: there is no tax code “VAT”.",
    ),
    (
        'billing_period = "monthly"',
        'billing_period = "weekly"',
        "items, “QuickBooks Enterprise hosting”: there is no billing period “weekly”.",
    ),
    (
        'organization = "Cobalt Manufacturing"',
        'organization = "Cobalt"',
        "people, “tom.brennan@cobalt.example”: there is no organization “Cobalt”.",
    ),
    (
        'person = "ines@hvarch.example"',
        'person = "ines"',
        "quotes, “Network refresh for the new office”: there is no person “ines”.",
    ),
    (
        'item = "Managed server"',
        'item = "Managed cat"',
        "quotes, “Managed services for 24 seats”: there is no item “Managed cat”.",
    ),
    (
        'outcome = "draft"',
        'outcome = "won"',
        "quotes, “Network refresh for the new office”: there is no outcome “won”.",
    ),
    ("price = 1249\n", "", "items, “SonicWall TZ370 firewall”: the field “price” is missing."),
    ("price = 1249\n", 'price = "1249"\n', "items, “SonicWall TZ370 firewall”: “price” must be a number."),
    ("mpn = ", "part = ", "items, “SonicWall TZ370 firewall”: there is no field “part”."),
    ("[[tax_codes]]", "[[taxes]]", "there is no section “taxes”."),
    ("[[categories]]\nname", "[[categories]\nname", "isn't valid TOML"),
]


def test_every_name_in_the_file_exists_and_the_database_holds_it_all(app: Flask) -> None:
    company = data.load()
    with app.app_context():
        seed.seed(seed.new_passwords({}))
        for model, section in ((Item, "items"), (Person, "people"), (Quote, "quotes")):
            assert db.session.scalar(db.select(db.func.count()).select_from(model)) == len(company[section])
        firewall = db.session.scalars(db.select(Item).filter_by(name="SonicWall TZ370 firewall")).one()
        assert firewall.category is not None
        assert firewall.category.path == "Hardware > Firewalls"
        assert {quote.status for quote in db.session.scalars(db.select(Quote))} == {
            "pending",
            "accepted",
            "ordered",
            "lost",
        }


@pytest.mark.parametrize(("right", "wrong", "sentence"), MISTAKES)
def test_a_mistake_is_named(tmp_path: Path, right: str, wrong: str, sentence: str) -> None:
    text = data.FILE.read_text(encoding="utf-8")
    assert right in text
    broken = tmp_path / "company.toml"
    broken.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(Invalid) as caught:
        data.load(broken)
    assert sentence in str(caught.value)
