"""LiveLinks: from a record on Autotask's screen to its quotes here."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from tests.push.test_parties import customer, their_opportunity
from tests.support.connected_desk import Desk
from tests.support.visitor import Visitor, text
from webapp.models import Link, Quote, db
from webapp.services.autotask.desk import livelinks
from webapp.services.company import place
from webapp.services.quoting.draft import editing, lines

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


@pytest.mark.parametrize("is_known", [False, True])
def test_another_customer_does_not_get_the_opportunity_of_the_link(
    desk: Desk, desk_admin: Visitor, is_known: bool
) -> None:
    theirs = their_opportunity(desk, "Alder Ltd")
    day = f"{place.today() + timedelta(days=20)}T00:00:00Z"
    active = desk.pick("Opportunities", "status", "Active")
    desk.tenant.edit("Opportunities", theirs["id"], projectedCloseDate=day, status=active)
    if is_known:
        their_opportunity(desk, "Birch & Co")
    page = f"/livelinks/opportunity?id={theirs['id']}"
    assert desk_admin.send(desk_admin.form(page, "/quotes/autotask/opportunity")).status_code == 303
    quote = db.session.scalars(db.select(Quote)).one()
    assert quote.organization is not None
    assert quote.organization.name == "Alder Ltd"
    lines.add_ad_hoc(desk.rep, quote.id, {"name": "Rack", "unit_price": "10"})
    editing.set_customer(desk.rep, quote.id, person=customer(desk, "Birch & Co"))
    before = desk.tenant.stats()["writes"]
    run = desk.push(quote)
    assert (run.state, desk.tenant.stats()["writes"]) == ("needs_you", before), run.sentence
    assert "belongs to “Alder Ltd” in Autotask, and not to “Birch & Co”" in run.sentence
    editing.set_opportunity(desk.rep, quote.id, None)
    assert desk.push(quote).state == "synced"
    (birch,) = desk.tenant.query("Companies", {"op": "eq", "field": "companyName", "value": "Birch & Co"})
    of_birch = {"op": "eq", "field": "companyID", "value": birch["id"]}
    assert any(row["id"] != theirs["id"] for row in desk.tenant.query("Opportunities", of_birch))


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
