"""A company that hasn't said who it is: told before publishing, and no person stands as the seller."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from pypdf import PdfReader

from smoke.forms import read_forms
from tests.quoting.test_snapshot import make
from tests.support import samples
from tests.support.visitor import Visitor, text
from tests.web.conftest import Ids
from webapp.models import User, db, utc_now
from webapp.services.core.errors import Invalid
from webapp.services.quoting.draft import editing, readiness
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions import freezing
from webapp.services.quoting.revisions.snapshot import Seller


def lines_of(frozen: Seller) -> list[str]:
    """The lines of the first page."""
    offer = make(seller=frozen, owner_name="Rob Rep")
    pages = PdfReader(io.BytesIO(document.render(offer))).pages
    return [line.strip() for line in pages[0].extract_text().splitlines() if line.strip()]


def test_the_paper_names_no_person_as_the_seller() -> None:
    with_seller, without = (
        lines_of(Seller(name="Brightwater IT", address="48 Harbor Street")),
        lines_of(Seller()),
    )
    assert with_seller.count("Rob Rep") == without.count("Rob Rep") == 1, "who prepared it"
    assert with_seller.count("Brightwater IT") == 2, "in the letterhead and in the footer"
    assert "Quote 1001" in without
    assert not any(line.startswith("·") or line.endswith("·") or "None" in line for line in without)


@pytest.mark.parametrize(
    ("profile", "missing"),
    [
        ({}, "Your company's name and address are missing on this quote"),
        ({"name": "Brightwater IT"}, "Your company's address is missing on this quote"),
        ({"name": "Brightwater IT", "address": "48 Harbor Street"}, ""),
    ],
)
def test_it_is_said_before_and_nothing_is_published_without(
    app: Flask, ids: Ids, rep: Visitor, admin: Visitor, profile: dict[str, str], missing: str
) -> None:
    with app.app_context():
        samples.company(**{"name": "", "address": "", **profile})
        found = readiness.problems(editing.get(ids.quote))
        assert [problem.place for problem in found] == (["seller"] if missing else [])
    for reader in (rep, admin):
        page = reader.client.get(f"{ids.quote_page}?plain=1")
        assert ("missing on this quote" in text(page)) == bool(missing)
        assert missing in text(page)
        link = 'href="/settings/company">Add it</a>'
        assert (link in page.text) == (bool(missing) and reader is admin), "a link for whoever can follow it"
    with app.app_context():
        user = db.session.scalars(db.select(User).filter_by(email="rep@desk.example")).one()
        if missing:
            with pytest.raises(Invalid, match=missing):
                publishing.publish(user, ids.quote)
        else:
            assert publishing.publish(user, ids.quote).is_new


def test_the_page_of_an_earlier_quote_without_a_seller_names_no_person_as_one(app: Flask, ids: Ids) -> None:
    with app.app_context():
        samples.company(name="", address="")
        quote = editing.get(ids.quote)
        quote.number = number = 1001
        frozen = freezing.freeze(quote, number=number, revision=1, published_at=utc_now())
        publishing.add_revision(quote, frozen, None)
        db.session.commit()
        address = f"/q/{quote.public_token}"
    page = app.test_client().get(address)
    head = page.text.partition('<main id="main"')[0]
    assert "Rob Rep" not in head
    assert f"Quote {number}" in head
    assert "<title>" in head
    assert "· </title>" not in head
    assert "Rob Rep" in page.text.partition('<main id="main"')[2]
    assert read_forms(page.text)
