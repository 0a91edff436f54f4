"""An opportunity that someone ended in Autotask stays ended: a push stops and says so, and never reopens it unasked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.links.test_rebuild import look_and_store, lose_links
from tests.push.test_parties import customer, stopped, their_opportunity
from tests.push.test_siblings import decline, opportunity, primary, status, two
from tests.support.connected_desk import Desk, newest_entry
from webapp.models import Quote, db
from webapp.services.autotask.activity import repush
from webapp.services.autotask.preview import plan_only
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.draft import editing
from webapp.services.quoting.lifecycle import publishing

OF_THE_END = ("status", "stage", "probability", "lostDate", "lossReasonDetail")
SENTENCE = (
    "The opportunity “Theirs” is no longer Active in Autotask. Nothing was written. Set it back to Active there, or "
    "choose another opportunity, or none."
)


def on_picked(desk: Desk) -> tuple[Quote, int]:
    """A draft on an opportunity that a person picked, and its id."""
    theirs = their_opportunity(desk, "Birch & Co")
    organization = customer(desk, "Birch & Co").organization
    quote = desk.quote({"name": "Rack"}, organization=organization, autotask_opportunity_id=theirs["id"])
    editing.set_customer(desk.rep, quote.id, person=None, organization=organization)
    mark(desk, theirs["id"], "Active", probability=0)
    return quote, theirs["id"]


def mark(desk: Desk, number: int, label: str, **values: Any) -> None:
    """What a person does in Autotask."""
    desk.tenant.edit("Opportunities", number, status=desk.pick("Opportunities", "status", label), **values)


def lose(desk: Desk, number: int) -> None:
    mark(desk, number, "Lost", lostDate="2026-11-20T00:00:00Z", lossReasonDetail="a rival", probability=0)


def ends(desk: Desk, number: int) -> dict[str, Any]:
    (row,) = desk.tenant.query("Opportunities", {"op": "eq", "field": "id", "value": number})
    return {name: row.get(name) for name in OF_THE_END}


def test_an_opportunity_that_was_lost_before_publishing_is_not_reopened(desk: Desk) -> None:
    quote, number = on_picked(desk)
    lose(desk, number)
    before = ends(desk, number)
    plan = plan_only.of_quote(desk.runtime, quote).plan
    assert ([problem.sentence for problem in plan.problems], plan.steps) == ([SENTENCE], [])
    assert stopped(desk, quote) == SENTENCE
    assert ends(desk, number) == before

    mark(desk, number, "Active")
    repush.push_again(desk.rep, quote, "again")
    assert desk.process(quote).state == "synced"
    after = ends(desk, number)
    assert after["probability"] == 0, "what people set is theirs"
    assert after["status"] == desk.pick("Opportunities", "status", "Active")


@pytest.mark.parametrize(("label", "goes"), [("Closed", True), ("Lost", False)])
def test_a_won_quote_agrees_with_a_closed_opportunity_alone(desk: Desk, label: str, goes: bool) -> None:
    quote, number = on_picked(desk)
    publishing.publish(desk.rep, quote.id)
    acceptance.record_for_customer(desk.rep, quote.id, {"name": "Pat New"})
    mark(desk, number, label)
    desk.process(quote)
    assert newest_entry(quote.id).outcome == ("" if goes else SENTENCE)
    assert ends(desk, number)["status"] == desk.pick("Opportunities", "status", label)


def test_what_another_quote_of_ours_lost_opens_again(desk: Desk) -> None:
    first, second = two(desk)
    third = desk.quote(
        {"name": "Third"},
        title="A third way",
        organization=first.organization,
        person=first.person,
        autotask_opportunity_id=opportunity(desk)["id"],
    )
    decline(desk, first)
    decline(desk, second)
    assert status(desk) == "Lost"
    assert desk.push(third).state == "synced"
    assert (status(desk), primary(desk)) == ("Active", [str(third.number)])


def test_links_that_were_searched_again_reopen_nothing_either(desk: Desk) -> None:
    quote = desk.quote({"name": "Rack"})
    assert desk.push(quote).state == "synced"
    number = opportunity(desk)["id"]
    lose(desk, number)
    before = ends(desk, number)
    lose_links()
    look_and_store(desk)
    quote.lines[0].unit_price += 1
    db.session.commit()
    assert desk.push(quote).state == "synced"
    assert ends(desk, number) == before
