"""Quotes on one opportunity: the won one rules, is the primary quote, and the opportunity's amounts are its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from tests.push.test_parties import customer
from tests.support import samples
from tests.support.connected_desk import Desk, newest_entry
from tests.support.visitor import Visitor, text
from webapp.models import Quote, db, utc_now
from webapp.models.delivery import DeliveryState
from webapp.models.quote import LOST, PENDING
from webapp.services.accounts import changing_rules
from webapp.services.autotask.activity import panel
from webapp.services.autotask.drift import check
from webapp.services.autotask.preview import plan_only, preflight
from webapp.services.autotask.push import claims, prepare
from webapp.services.company import place
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.lifecycle import expiry, transitions


@pytest.fixture(params=["follows", "has its own"])
def pair(desk: Desk, request: pytest.FixtureRequest) -> tuple[Quote, Quote]:
    """Two quotes on one opportunity, which follows its primary quote or has amounts of its own."""
    follows = request.param == "follows"
    chosen = desk.settings("opportunity").model_copy(update={"use_quote_totals": follows})
    desk.save(opportunity=chosen)
    return two(desk)


def two(desk: Desk) -> tuple[Quote, Quote]:
    person = customer(desk, "Birch & Co")
    mine = {"person": person, "organization": person.organization}
    first = desk.quote({"name": "Rack", "unit_price": 100}, **mine)
    assert desk.push(first).state == "synced"
    number = opportunity(desk)["id"]
    second = desk.quote(
        {"name": "Cloud", "unit_price": 70}, title="Other way", autotask_opportunity_id=number, **mine
    )
    assert desk.push(second).state == "synced"
    assert opportunity(desk)["id"] == number
    return first, second


def opportunity(desk: Desk) -> dict[str, Any]:
    (row,) = desk.tenant.query("Opportunities", {"op": "eq", "field": "title", "value": "New office"})
    return row


def primary(desk: Desk) -> list[str]:
    of_deal = {"op": "eq", "field": "opportunityID", "value": opportunity(desk)["id"]}
    return [row["externalQuoteNumber"] for row in desk.tenant.query("Quotes", of_deal) if row["primaryQuote"]]


def status(desk: Desk) -> str:
    number = opportunity(desk)["status"]
    return next(s for s in ("Active", "Lost", "Closed") if desk.pick("Opportunities", "status", s) == number)


def accept(desk: Desk, quote: Quote) -> None:
    acceptance.record_for_customer(desk.rep, quote.id, {"name": "Pat New"})
    assert desk.process(quote).state == "synced"


def decline(desk: Desk, quote: Quote) -> None:
    transitions.advance(desk.rep, quote.id, LOST, reason="Too expensive")
    assert desk.process(quote).state == "synced"


@pytest.mark.parametrize("winner", [0, 1])
def test_the_accepted_one_becomes_primary_and_the_amounts_are_its_own(
    desk: Desk, pair: tuple[Quote, Quote], winner: int
) -> None:
    assert (primary(desk), opportunity(desk)["onetimeRevenue"]) == ([str(pair[0].number)], 100)
    accept(desk, pair[winner])
    assert primary(desk) == [str(pair[winner].number)]
    assert opportunity(desk)["onetimeRevenue"] == (100, 70)[winner]
    assert status(desk) == "Closed"


def told(desk: Desk, quote: Quote) -> None:
    """The quote that rules from now on was asked to sync, and does."""
    assert newest_entry(quote.id).state == DeliveryState.WAITING
    assert desk.process(quote).state == "synced"


def test_when_the_ruling_quote_is_declined_the_next_one_takes_over(
    desk: Desk, pair: tuple[Quote, Quote]
) -> None:
    first, second = pair
    decline(desk, first)
    told(desk, second)
    deal = opportunity(desk)
    assert (status(desk), primary(desk)) == ("Active", [str(second.number)])
    assert (deal["onetimeRevenue"], deal["amount"]) == (70, 70)


def test_when_a_won_quote_is_lost_after_all_the_open_one_opens_the_opportunity_again(
    desk: Desk, pair: tuple[Quote, Quote]
) -> None:
    first, second = pair
    mapping = desk.settings("quote_status")
    with_day = mapping.accepted.model_copy(update={"set_closed_date": True})
    desk.save(quote_status=mapping.model_copy(update={"accepted": with_day}))
    before = opportunity(desk)
    accept(desk, second)
    assert opportunity(desk)["closedDate"]
    decline(desk, second)
    told(desk, first)
    after = opportunity(desk)
    assert (status(desk), primary(desk)) == ("Active", [str(first.number)])
    for name in ("stage", "probability", "onetimeRevenue", "amount", "closedDate", "lossReason", "lostDate"):
        assert after[name] == before[name], name
    check.check_many(desk.runtime, [first, second])
    assert [check.open_count(quote.id) for quote in (first, second)] == [0, 0]


def test_a_declined_quote_that_is_reopened_takes_the_opportunity_back(
    desk: Desk, pair: tuple[Quote, Quote]
) -> None:
    first, second = pair
    decline(desk, first)
    told(desk, second)
    transitions.advance(desk.rep, first.id, PENDING)
    told(desk, first)
    deal = opportunity(desk)
    assert (status(desk), primary(desk)) == ("Active", [str(first.number)])
    assert (deal["onetimeRevenue"], deal["amount"]) == (100, 100)


def test_when_the_ruling_quote_expires_the_next_one_takes_over(desk: Desk) -> None:
    first, second = two(desk)
    first.expires_on = place.today() + timedelta(days=3)
    db.session.commit()
    assert desk.push(first).state == "synced"
    with time_machine.travel(utc_now() + timedelta(days=4), tick=True):
        assert expiry.expire(first.id)
        told(desk, second)
    assert newest_entry(first.id).reason == "published", "nothing is mapped for an expired quote"
    assert (status(desk), primary(desk)) == ("Active", [str(second.number)])
    assert opportunity(desk)["onetimeRevenue"] == 70


def test_who_rules_anyway_is_not_told_again(desk: Desk) -> None:
    first, second = two(desk)
    before = newest_entry(first.id).id
    second.lines[0].unit_price += 1
    db.session.commit()
    assert desk.push(second).state == "synced"
    decline(desk, second)
    assert newest_entry(first.id).id == before


def test_one_that_somebody_made_primary_by_hand_is_told_once(desk: Desk) -> None:
    mapping = desk.settings("quote_status")
    unchanged = mapping.pending.model_copy(update={"status": None})
    desk.save(quote_status=mapping.model_copy(update={"pending": unchanged}))
    first, second = two(desk)
    accept(desk, second)
    for quote, is_primary in ((second, False), (first, True)):
        number = {"op": "eq", "field": "externalQuoteNumber", "value": str(quote.number)}
        (row,) = desk.tenant.query("Quotes", number)
        desk.tenant.edit("Quotes", row["id"], primaryQuote=is_primary)
    decline(desk, second)
    told(desk, first)
    # Nothing had to be written, and its own link knows that it rules now.
    assert newest_entry(first.id).state == "done"


def test_who_rules_since_a_push_began_is_told_at_its_end(desk: Desk) -> None:
    first, second = two(desk)
    accept(desk, second)
    transitions.advance(desk.rep, second.id, LOST, reason="Order cancelled")
    # As if the loss had come while the acceptance was being pushed: nobody knew yet that the first one must be told.
    db.session.delete(newest_entry(first.id))
    db.session.commit()
    assert desk.process(second).state == "synced"
    told(desk, first)
    assert (status(desk), primary(desk)) == ("Active", [str(first.number)])


def test_quotes_on_one_opportunity_are_pushed_one_after_the_other(desk: Desk) -> None:
    quotes = two(desk)
    alone = desk.quote({"name": "Rack"}, title="Alone")
    assert desk.push(alone).state == "synced"
    first, second, other = (
        set(claims.shared_by(prepare.compile_revision(desk.runtime, quote, quote.revisions[-1])))
        for quote in (*quotes, alone)
    )
    assert (first, other) == (second, set())
    assert first


@pytest.mark.parametrize("winner", [0, 1])
def test_it_stays_won_when_the_other_one_is_declined_changed_or_pushed_again(
    desk: Desk, pair: tuple[Quote, Quote], winner: int
) -> None:
    won, other = pair[winner], pair[1 - winner]
    accept(desk, won)
    before = opportunity(desk)
    other.lines[0].unit_price += 500
    db.session.commit()
    assert desk.push(other).state == "synced"
    decline(desk, other)
    after = opportunity(desk)
    for name in ("status", "stage", "probability", "onetimeRevenue", "amount", "lossReason", "lostDate"):
        assert after[name] == before[name], name
    assert primary(desk) == [str(won.number)]


def test_one_declined_quote_loses_no_opportunity_with_an_open_one(desk: Desk) -> None:
    first, second = two(desk)
    decline(desk, first)
    assert status(desk) == "Active"
    decline(desk, second)
    assert status(desk) == "Lost"


def test_one_that_was_declined_first_and_won_then(desk: Desk) -> None:
    first, second = two(desk)
    decline(desk, first)
    accept(desk, second)
    assert (status(desk), primary(desk)) == ("Closed", [str(second.number)])


def test_another_quote_that_someone_made_primary_in_autotask_gives_way(desk: Desk) -> None:
    quote = desk.quote({"name": "Rack", "unit_price": 100})
    assert desk.push(quote).state == "synced"
    (row,) = desk.tenant.query(
        "Quotes", {"op": "eq", "field": "externalQuoteNumber", "value": str(quote.number)}
    )
    without = ("id", "userDefinedFields", "externalQuoteNumber", "quoteNumber")
    theirs = {name: value for name, value in row.items() if name not in without and value is not None}
    desk.tenant.seed(Quotes=[theirs | {"name": "By hand", "primaryQuote": True}])
    desk.tenant.edit("Quotes", row["id"], primaryQuote=False)
    accept(desk, quote)
    assert primary(desk) == [str(quote.number)]
    assert opportunity(desk)["onetimeRevenue"] == 100


def test_a_sibling_that_rules_is_no_change_in_autotask(desk: Desk) -> None:
    first, second = two(desk)
    accept(desk, second)
    check.check_many(desk.runtime, [first, second])
    assert [check.open_count(quote.id) for quote in (first, second)] == [0, 0]


def test_siblings_are_shown_before_and_after_publishing(desk: Desk, desk_admin: Visitor) -> None:
    first, second = two(desk)
    sentence = (
        f"Also on this quote's opportunity in Autotask: quote {first.number} “New office” (Published). Quote "
        f"{first.number} “New office” is the primary one: this quote changes neither the opportunity's amounts nor its "
        "outcome."
    )
    assert sentence in plan_only.of_quote(desk.runtime, second).plan.warnings
    assert sentence in preflight.check(desk.runtime, second).notes
    assert sentence in text(desk_admin.client.get(f"/activity/quotes/{second.id}"))
    page = text(desk_admin.client.get(f"/activity/quotes/{first.id}"))
    assert f"quote {second.number} “Other way” (Published). This quote is the primary one" in page


def test_a_sibling_that_the_reader_cannot_see_is_not_named(desk: Desk) -> None:
    first, second = two(desk)
    changing_rules.save(None, {"reps_see": "own", "reps_change": "own"})
    viewer = samples.rep("mine@desk.example")
    second.owner = viewer
    db.session.commit()
    shown = panel.of_quote(desk.runtime, second, viewer)
    assert shown.siblings == []
    assert "A colleague's quote is the primary one" in shown.siblings_sentence
    assert first.title not in shown.siblings_sentence
    for said in (
        plan_only.of_quote(desk.runtime, second, viewer).plan.warnings,
        preflight.check(desk.runtime, second, viewer=viewer).notes,
    ):
        assert "A colleague's quote is the primary one" in " ".join(said)
        assert first.title not in " ".join(said)


def test_a_quote_alone_has_no_siblings(desk: Desk, desk_admin: Visitor) -> None:
    quote = desk.quote({"name": "Rack"})
    assert desk.push(quote).state == "synced"
    assert "Also on this quote" not in text(desk_admin.client.get(f"/activity/quotes/{quote.id}"))


@pytest.mark.parametrize("change", [True, False])
@pytest.mark.parametrize("gone", ["404", "500"])
def test_an_opportunity_that_was_deleted_without_its_quote_is_created_again(
    desk: Desk, change: bool, gone: str
) -> None:
    desk.tenant.change(dialect={"goneOnUpdate": gone, "goneOnDelete": gone})
    quote = desk.quote({"name": "Rack", "unit_price": 100})
    assert desk.push(quote).state == "synced"
    ours = {"op": "eq", "field": "externalQuoteNumber", "value": str(quote.number)}
    (left_behind,) = desk.tenant.query("Quotes", ours)
    desk.tenant.remove("Opportunities", opportunity(desk)["id"])
    if change:
        accept(desk, quote)
    else:
        quote.lines[0].unit_price += 1
        db.session.commit()
        assert desk.push(quote).state == "synced"
    assert status(desk) == ("Closed" if change else "Active")
    rows = desk.tenant.query("Quotes", ours)
    assert [row["opportunityID"] for row in rows if row["id"] != left_behind["id"]] == [
        opportunity(desk)["id"]
    ]
