"""No quote moves to another opportunity in Autotask: the editor refuses it, and a push that is told to stops."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import test_pull
from tests.push.test_parties import customer, stopped
from tests.push.test_siblings import opportunity
from tests.support.connected_desk import Desk
from tests.support.visitor import Visitor, text
from webapp.models import Quote, db
from webapp.services.autotask.desk import choosing
from webapp.services.autotask.known import siblings
from webapp.services.autotask.preview import plan_only
from webapp.services.core.errors import Invalid
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.draft import editing

SENTENCE = (
    "Autotask has this quote on the opportunity “New office”, and a quote can't move to another one there. Nothing was "
    "written. Go back to that opportunity, or copy the quote for the other one."
)


def synced_and_another(desk: Desk) -> tuple[Quote, int]:
    """A quote that Autotask has, and another opportunity of its company."""
    person = customer(desk, "Birch & Co")
    quote = desk.quote({"name": "Rack"}, person=person, organization=person.organization)
    assert desk.push(quote).state == "synced"
    company = opportunity(desk)["companyID"]
    return quote, test_pull.opportunity(desk, company, "The real deal", test_pull.in_days(20))


def of_quote(desk: Desk, quote: Quote) -> list[Any]:
    number = {"op": "eq", "field": "externalQuoteNumber", "value": str(quote.number)}
    return [row["opportunityID"] for row in desk.tenant.query("Quotes", number)]


def test_a_push_stops_before_it_writes(desk: Desk) -> None:
    quote, other = synced_and_another(desk)
    own = opportunity(desk)["id"]
    # As undoing or restoring a draft may bring it back.
    editing.set_opportunity(desk.rep, quote.id, (other, "The real deal"))
    plan = plan_only.of_quote(desk.runtime, quote).plan
    assert ([problem.sentence for problem in plan.problems], plan.steps) == ([SENTENCE], [])
    assert stopped(desk, quote) == SENTENCE
    choosing.choose(desk.rep, quote.id, None)
    assert desk.push(quote).state == "synced"
    assert of_quote(desk, quote) == [own]


def test_the_next_quote_on_the_other_opportunity_is_alone_there(desk: Desk, desk_admin: Visitor) -> None:
    quote, other = synced_and_another(desk)
    editing.set_opportunity(desk.rep, quote.id, (other, "The real deal"))
    second = desk.quote(
        {"name": "Box", "unit_price": 70},
        title="Second",
        person=quote.person,
        organization=quote.organization,
        autotask_opportunity_id=other,
    )
    assert siblings.sentences(siblings.on_same_opportunity(second, other)) == []
    page = text(desk_admin.client.get(f"/livelinks/opportunity?id={other}", follow_redirects=True))
    assert "Second" in page
    assert quote.title not in page
    assert desk.push(second).state == "synced"
    assert (of_quote(desk, second), of_quote(desk, quote)) == ([other], [opportunity(desk)["id"]])
    (row,) = desk.tenant.query("Opportunities", {"op": "eq", "field": "id", "value": other})
    assert row["onetimeRevenue"] == 70


def test_the_editor_says_so_and_offers_the_way_back(desk: Desk, desk_admin: Visitor) -> None:
    _, other = synced_and_another(desk)
    quote = desk.quote({"name": "Box"}, title="Second")
    address = f"/quotes/{quote.id}/opportunity"
    opened_before = desk_admin.form(f"{address}?q=The+real+deal", address)
    assert desk.push(quote).state == "synced"
    page = text(desk_admin.client.get(address))
    assert choosing.STAYS in page
    assert "Go back to the quote's opportunity" not in page
    refused = desk_admin.send(opened_before)
    assert refused.status_code == 422
    assert choosing.STAYS in text(refused)
    db.session.expire_all()
    assert quote.autotask_opportunity_id is None

    editing.set_opportunity(desk.rep, quote.id, (other, "The real deal"))
    assert "is chosen for it, so it can't sync." in text(desk_admin.client.get(address))
    assert desk_admin.send(desk_admin.form(address, address)).status_code == 303
    db.session.expire_all()
    assert quote.autotask_opportunity_id is None


def test_an_answer_goes_to_the_opportunity_that_the_quote_is_on(desk: Desk) -> None:
    quote, other = synced_and_another(desk)
    editing.set_opportunity(desk.rep, quote.id, (other, "The real deal"))
    assert stopped(desk, quote) == SENTENCE
    # Then nobody can select the first one again.
    acceptance.record_for_customer(desk.rep, quote.id, {"name": "Pat New"})
    assert desk.process(quote).state == "synced"
    assert opportunity(desk)["status"] == desk.pick("Opportunities", "status", "Closed")


def test_a_picked_opportunity_is_not_left_for_a_new_one(desk: Desk, desk_admin: Visitor) -> None:
    first, _ = synced_and_another(desk)
    quote = desk.quote(
        {"name": "Box"},
        person=first.person,
        organization=first.organization,
        title="Second",
        autotask_opportunity_id=opportunity(desk)["id"],
    )
    page, offer = f"/quotes/{quote.id}", "Create a new opportunity instead"
    assert offer in text(desk_admin.client.get(page))
    assert desk.push(quote).state == "synced"
    assert offer not in text(desk_admin.client.get(page))
    with pytest.raises(Invalid, match="can't move to another opportunity"):
        choosing.choose(desk.rep, quote.id, None)
