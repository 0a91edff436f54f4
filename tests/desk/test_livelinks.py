"""LiveLinks: from a record on Autotask's screen to its quotes here."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support.connected_desk import Desk
from tests.support.visitor import Visitor, text
from webapp.models import Link, Quote, db
from webapp.services.autotask.desk import livelinks
from webapp.services.company import place

PASSWORD = "a long password"


@pytest.fixture
def pushed(desk: Desk) -> Quote:
    """A quote that Autotask has."""
    quote = desk.quote({"name": "Rack", "unit_price": 10}, title="Pushed rack")
    assert desk.push(quote).state == "synced"
    return quote


def remote(entity: str) -> int:
    return int(db.session.scalars(db.select(Link.remote_id).filter_by(remote_entity=entity)).one())


@pytest.mark.both_databases
@pytest.mark.parametrize(("kind", "entity"), [("opportunity", "Opportunities"), ("quote", "Quotes")])
def test_it_leads_straight_to_the_one_quote(
    desk_admin: Visitor, pushed: Quote, kind: str, entity: str
) -> None:
    answer = desk_admin.client.get(f"/livelinks/{kind}?id={remote(entity)}")
    assert (answer.status_code, answer.location) == (302, f"/quotes/{pushed.id}")


@pytest.mark.parametrize(
    ("kind", "entity", "begun"), [("organization", "Companies", False), ("contact", "Contacts", True)]
)
def test_it_shows_the_customers_quotes_and_begins_another(
    desk: Desk, desk_admin: Visitor, pushed: Quote, kind: str, entity: str, begun: bool
) -> None:
    page = f"/livelinks/{kind}?id={remote(entity)}"
    assert "Pushed rack" in text(desk_admin.client.get(page))
    answer = desk_admin.send(desk_admin.form(page, "/quotes/autotask/"))
    assert answer.status_code == 303
    new = db.session.scalars(db.select(Quote).order_by(Quote.id.desc())).first()
    assert new is not None
    assert answer.location == f"/quotes/{new.id}"
    assert new.organization is pushed.organization
    assert (new.person is pushed.person) == begun


def test_an_opportunity_that_nobody_quoted_yet_begins_a_quote(desk: Desk, desk_admin: Visitor) -> None:
    waiting = next(
        row
        for row in desk.tenant.state()["Opportunities"]
        if row["status"] == desk.pick("Opportunities", "status", "Active")
        and row["projectedCloseDate"][:10] > str(place.today())
    )
    page = f"/livelinks/opportunity?id={waiting['id']}"
    assert "No quotes yet." in text(desk_admin.client.get(page))
    assert desk_admin.send(desk_admin.form(page, "/quotes/autotask/opportunity")).status_code == 303
    quote = db.session.scalars(db.select(Quote)).one()
    assert quote.autotask_opportunity_id == waiting["id"]
    # From now on the link leads to the draft.
    assert desk_admin.client.get(page).location == f"/quotes/{quote.id}"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/livelinks/opportunity", "This LiveLink is missing the record's Opportunity ID"),
        ("/livelinks/quote?id=", "This LiveLink is missing the record's Quote ID"),
        ("/livelinks/quote?id=abc", "came with “abc” as the record's Quote ID, which isn't an id."),
        ("/livelinks/contact?id=-4", "came with “-4” as the record's Contact ID, which isn't an id."),
        (f"/livelinks/organization?id={2**63}", f"came with “{2**63}” as the record's Organization ID"),
        ("/livelinks/ticket?id=4", "This LiveLink has an unknown kind."),
    ],
)
def test_a_link_that_was_made_wrongly_says_so(desk_admin: Visitor, address: str, sentence: str) -> None:
    answer = desk_admin.client.get(address)
    assert answer.status_code == 404
    assert sentence in text(answer)


def test_whoever_is_not_signed_in_comes_back_after_signing_in(app: Flask, desk: Desk, pushed: Quote) -> None:
    page = f"/livelinks/opportunity?id={remote('Opportunities')}"
    visitor = Visitor(app.test_client())
    to_sign_in = visitor.client.get(page).location
    assert to_sign_in.startswith("/login?next=")
    form = visitor.form(to_sign_in, "")
    answer = visitor.client.post(
        to_sign_in, data=dict(form.fill({"email": desk.rep.email, "password": PASSWORD}))
    )
    assert answer.location == page


def test_an_admin_reads_which_address_takes_which_field(desk_admin: Visitor) -> None:
    page = text(desk_admin.client.get("/livelinks/"))
    for link in livelinks.LIVE_LINKS.values():
        assert link.takes in page
        assert f"http://localhost/livelinks/{link.kind}?id=1234" in page
