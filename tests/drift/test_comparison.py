"""Comparing with Autotask, and deciding: end to end against the sandbox."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.connected_desk import Desk, every_kind, newest_entry
from webapp.models import DriftFinding, Quote, db, utc_now
from webapp.models.delivery import DeliveryState
from webapp.models.drift import ADDED, CHANGED, GONE, OPEN, OURS, THEIRS
from webapp.services.autotask.api.errors import NotConnected
from webapp.services.autotask.drift import check as drift_check
from webapp.services.autotask.drift import decide as drift_decide
from webapp.services.autotask.push import lease, processing
from webapp.services.core.errors import Conflict, Invalid, ServiceError
from webapp.services.delivery import room
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.lifecycle import publishing


def pushed(desk: Desk, *lines: dict[str, Any], **header: Any) -> Quote:
    """A quote that Autotask has."""
    quote = desk.quote(*lines or ({"name": "Rack"}, {"name": "Shelf", "unit_price": "25"}), **header)
    run = desk.push(quote)
    assert run.state == "synced", run.sentence
    return quote


def remote(desk: Desk, quote: Quote, entity: str = "QuoteItems") -> list[dict[str, Any]]:
    """The quote's records there, items in their order."""
    state = desk.tenant.state()
    (there,) = [row for row in state["Quotes"] if row["externalQuoteNumber"] == str(quote.number)]
    if entity == "Quotes":
        return [there]
    if entity == "Opportunities":
        return [row for row in state["Opportunities"] if row["id"] == there["opportunityID"]]
    items = [row for row in state["QuoteItems"] if row["quoteID"] == there["id"]]
    return sorted(items, key=lambda row: row["sortOrderID"])


def compare(desk: Desk, quote: Quote) -> list[DriftFinding]:
    """Check now and return the open findings."""
    drift_check.check_one(desk.runtime, quote)
    query = db.select(DriftFinding).filter_by(quote_id=quote.id, state=OPEN).order_by(DriftFinding.id)
    return list(db.session.scalars(query))


def decide(desk: Desk, quote: Quote, side: str) -> drift_decide.Decided:
    """Decide all open findings the same way."""
    query = db.select(DriftFinding).filter_by(quote_id=quote.id, state=OPEN)
    choices = {one.id: (side, drift_decide.seen(one)) for one in db.session.scalars(query)}
    return drift_decide.decide(desk.rep, quote, choices)


def forget_calls(desk: Desk) -> None:
    desk.tenant._ask("DELETE", "/calls")


def test_right_after_a_push_nothing_has_drifted(desk: Desk) -> None:
    quote = pushed(desk, *every_kind(desk), shipping_amount=Decimal("49.90"), comments="Thank you")
    forget_calls(desk)
    assert compare(desk, quote) == []
    stats = desk.tenant.stats()
    assert (stats["total"], stats["writes"]) == (3, 0)


def test_many_quotes_are_compared_by_three_calls(desk: Desk) -> None:
    quotes = [pushed(desk, {"name": f"Thing {number}"}) for number in range(4)]
    desk.tenant.edit("QuoteItems", remote(desk, quotes[2])[0]["id"], unitPrice=99)
    forget_calls(desk)
    drift_check.check_many(desk.runtime, quotes)
    assert desk.tenant.stats()["total"] == 3
    found = db.session.scalars(db.select(DriftFinding)).all()
    assert [(one.quote_id, one.field) for one in found] == [(quotes[2].id, "unitPrice")]


def test_a_changed_price_is_found_with_all_three_values(desk: Desk) -> None:
    quote = pushed(desk)
    desk.tenant.edit("QuoteItems", remote(desk, quote)[1]["id"], unitPrice=20, description="By hand")
    (finding,) = compare(desk, quote)
    assert (finding.kind, finding.remote_entity, finding.field) == (CHANGED, "QuoteItems", "unitPrice")
    assert finding.title == "line 2 “Shelf”"
    assert [finding.base, finding.ours, finding.theirs] == ["25", "25", "20"]


def test_what_we_changed_and_did_not_push_yet_is_no_drift(desk: Desk) -> None:
    quote = pushed(desk)
    quote.lines[0].unit_price = Decimal(11)
    db.session.commit()
    assert compare(desk, quote) == [], "an unpublished change"
    publishing.publish(desk.rep, quote.id)
    newest_entry(quote.id).state = "parked"
    db.session.commit()
    assert compare(desk, quote) == [], "a published one whose push stopped"


def test_a_change_on_both_sides_keeps_its_base(desk: Desk) -> None:
    quote = pushed(desk)
    desk.tenant.edit("QuoteItems", remote(desk, quote)[0]["id"], unitPrice=12)
    quote.lines[0].unit_price = Decimal(11)
    db.session.commit()
    publishing.publish(desk.rep, quote.id)
    newest_entry(quote.id).state = "parked"
    db.session.commit()
    (finding,) = compare(desk, quote)
    assert [finding.base, finding.ours, finding.theirs] == ["10", "11", "12"]


def test_accepting_theirs_although_ours_waits_to_be_pushed_keeps_theirs(desk: Desk) -> None:
    quote = pushed(desk)
    desk.tenant.edit("QuoteItems", remote(desk, quote)[0]["id"], unitPrice=12)
    quote.lines[0].unit_price = Decimal(11)
    quote.lines[1].unit_price = Decimal(26)
    db.session.commit()
    publishing.publish(desk.rep, quote.id)
    newest_entry(quote.id).state = "parked"
    db.session.commit()
    compare(desk, quote)
    decide(desk, quote, THEIRS)
    assert quote.current_revision is not None
    room.add(processing.delivery(quote, quote.current_revision, "again"))
    db.session.commit()
    desk.process(quote)
    assert [row["unitPrice"] for row in remote(desk, quote)] == [12, 26]


def test_both_sides_changed_alike_agree(desk: Desk) -> None:
    quote = pushed(desk)
    desk.tenant.edit("QuoteItems", remote(desk, quote)[0]["id"], unitPrice=11)
    quote.lines[0].unit_price = Decimal(11)
    db.session.commit()
    publishing.publish(desk.rep, quote.id)
    newest_entry(quote.id).state = "parked"
    db.session.commit()
    assert compare(desk, quote) == []


def test_choosing_ours_pushes_that_field_and_nothing_else(desk: Desk) -> None:
    quote = pushed(desk)
    first, second = remote(desk, quote)
    desk.tenant.edit("QuoteItems", first["id"], unitPrice=99, quantity=3)
    assert {one.field for one in compare(desk, quote)} == {"unitPrice", "quantity"}
    forget_calls(desk)
    assert decide(desk, quote, OURS) == drift_decide.Decided(ours=2, remote=0)
    assert desk.tenant.stats()["total"] == 0, "deciding alone writes nothing"
    run = desk.process(quote)
    assert run.state == "synced"
    assert desk.tenant.stats()["writes"] == 1
    after = remote(desk, quote)
    assert (after[0]["unitPrice"], after[0]["quantity"]) == (10, 1)
    assert after[1] == second
    assert compare(desk, quote) == []
    assert db.session.scalars(db.select(DriftFinding)).all() == [], "what agrees again is forgotten"


def test_accepting_theirs_is_remembered_and_no_push_overwrites_it(desk: Desk) -> None:
    quote = pushed(desk)
    item = remote(desk, quote)[0]
    desk.tenant.edit("QuoteItems", item["id"], unitPrice=99)
    compare(desk, quote)
    entry = newest_entry(quote.id).id
    assert decide(desk, quote, THEIRS) == drift_decide.Decided(ours=0, remote=1)
    assert newest_entry(quote.id).id == entry, "accepting pushes nothing"
    assert compare(desk, quote) == []
    quote.lines[0].name = "Rack 2"
    db.session.commit()
    run = desk.push(quote)
    assert run.state == "out_of_sync", "the sums differ, and the run says so"
    after = remote(desk, quote)[0]
    assert (after["name"], after["unitPrice"]) == ("Rack 2", 99)
    assert compare(desk, quote) == []


def test_what_was_accepted_is_reported_again_when_it_changes_once_more(desk: Desk) -> None:
    quote = pushed(desk)
    item = remote(desk, quote)[0]
    desk.tenant.edit("QuoteItems", item["id"], unitPrice=99)
    compare(desk, quote)
    decide(desk, quote, THEIRS)
    desk.tenant.edit("QuoteItems", item["id"], unitPrice=98)
    (finding,) = compare(desk, quote)
    assert (finding.theirs, finding.decided_at) == ("98", None)


def test_after_accepting_a_change_of_ours_is_written(desk: Desk) -> None:
    quote = pushed(desk)
    item = remote(desk, quote)[0]
    desk.tenant.edit("QuoteItems", item["id"], unitPrice=99)
    compare(desk, quote)
    decide(desk, quote, THEIRS)
    quote.lines[0].unit_price = Decimal(12)
    db.session.commit()
    assert desk.push(quote).state == "synced"
    assert remote(desk, quote)[0]["unitPrice"] == 12
    assert compare(desk, quote) == []


def test_a_line_added_by_hand_is_never_deleted_without_being_asked(desk: Desk) -> None:
    quote = pushed(desk)
    (there,) = remote(desk, quote, "Quotes")
    shelf = remote(desk, quote)[1]
    keep = ("id", "totalEffectiveTax")
    by_hand = {name: value for name, value in shelf.items() if name not in keep and value is not None}
    (number,) = desk.tenant.seed(
        QuoteItems=[{**by_hand, "quoteID": there["id"], "name": "By hand", "sortOrderID": 9}]
    )["QuoteItems"]
    (finding,) = compare(desk, quote)
    assert (finding.kind, finding.remote_id, finding.title) == (ADDED, number, "By hand")
    decide(desk, quote, THEIRS)
    assert compare(desk, quote) == []
    quote.lines[0].unit_price = Decimal(12)
    db.session.commit()
    desk.push(quote)
    assert number in {row["id"] for row in remote(desk, quote)}


def test_a_line_added_by_hand_is_deleted_when_a_person_says_so(desk: Desk) -> None:
    quote = pushed(desk)
    shelf = remote(desk, quote)[1]
    by_hand = {name: value for name, value in shelf.items() if name != "id" and value is not None}
    (number,) = desk.tenant.seed(QuoteItems=[{**by_hand, "name": "By hand"}])["QuoteItems"]
    compare(desk, quote)
    decide(desk, quote, OURS)
    run = desk.process(quote)
    assert run.state == "synced"
    assert [(step.action, step.remote_id) for step in run.steps if step.action == "delete"] == [
        ("delete", number)
    ]
    assert [row["name"] for row in remote(desk, quote)] == ["Rack", "Shelf"]
    assert compare(desk, quote) == []


def test_a_line_deleted_by_hand_is_made_again_at_its_place(desk: Desk) -> None:
    quote = pushed(desk, {"name": "A"}, {"name": "B"}, {"name": "C"})
    desk.tenant.remove("QuoteItems", remote(desk, quote)[1]["id"])
    (finding,) = compare(desk, quote)
    assert (finding.kind, finding.title) == (GONE, "line 2 “B”")
    decide(desk, quote, OURS)
    assert desk.process(quote).state == "synced"
    assert [row["name"] for row in remote(desk, quote)] == ["A", "B", "C"]
    assert compare(desk, quote) == []


def test_a_line_left_away_stays_away_and_is_not_reported_again(desk: Desk) -> None:
    quote = pushed(desk, {"name": "A"}, {"name": "B"}, {"name": "C"})
    desk.tenant.remove("QuoteItems", remote(desk, quote)[1]["id"])
    compare(desk, quote)
    decide(desk, quote, THEIRS)
    assert compare(desk, quote) == []
    for line in quote.lines:
        line.unit_price = Decimal(12)
    db.session.commit()
    run = desk.push(quote)
    assert run.state == "out_of_sync"
    assert "is missing in Autotask" in run.sentence
    assert [row["name"] for row in remote(desk, quote)] == ["A", "C"]
    assert compare(desk, quote) == []


def test_a_left_away_line_that_leaves_the_quote_troubles_nobody(desk: Desk) -> None:
    quote = pushed(desk, {"name": "A"}, {"name": "B"})
    desk.tenant.remove("QuoteItems", remote(desk, quote)[1]["id"])
    compare(desk, quote)
    decide(desk, quote, THEIRS)
    db.session.delete(quote.lines[1])
    db.session.commit()
    assert desk.push(quote).state == "synced"
    assert compare(desk, quote) == []


def test_a_deleted_quote_is_made_again_with_all_its_lines(desk: Desk) -> None:
    quote = pushed(desk, {"name": "A"}, {"name": "B"})
    (there,) = remote(desk, quote, "Quotes")
    for item in remote(desk, quote):
        desk.tenant.remove("QuoteItems", item["id"])
    desk.tenant.remove("Quotes", there["id"])
    (finding,) = compare(desk, quote)
    assert (finding.kind, finding.remote_entity) == (GONE, "Quotes"), "its lines are not named one by one"
    decide(desk, quote, OURS)
    assert desk.process(quote).state == "synced"
    assert [row["name"] for row in remote(desk, quote)] == ["A", "B"]
    assert compare(desk, quote) == []


def test_a_deleted_opportunity_is_made_again_with_its_pdf(desk: Desk) -> None:
    quote = pushed(desk, {"name": "A"})
    (there,) = remote(desk, quote, "Quotes")
    for item in remote(desk, quote):
        desk.tenant.remove("QuoteItems", item["id"])
    desk.tenant.remove("Quotes", there["id"])
    desk.tenant.remove("Opportunities", there["opportunityID"])
    found = compare(desk, quote)
    assert [one.remote_entity for one in found] == ["Opportunities", "Quotes"]
    decide(desk, quote, OURS)
    assert desk.process(quote).state == "synced"
    (opportunity,) = remote(desk, quote, "Opportunities")
    files = desk.tenant.state()["OpportunityAttachments"]
    assert opportunity["id"] in {row["opportunityID"] for row in files}


@pytest.mark.parametrize("side", [OURS, THEIRS])
def test_the_title_and_the_status_of_the_opportunity_are_watched(desk: Desk, side: str) -> None:
    quote = pushed(desk)
    (opportunity,) = remote(desk, quote, "Opportunities")
    lost = desk.pick("Opportunities", "status", "Lost")
    desk.tenant.edit("Opportunities", opportunity["id"], title="Renamed", status=lost)
    assert [one.field for one in compare(desk, quote)] == ["title", "status"]
    decide(desk, quote, side)
    if side == OURS:
        assert desk.process(quote).state == "synced"
    (after,) = remote(desk, quote, "Opportunities")
    expected = ("New office", opportunity["status"]) if side == OURS else ("Renamed", lost)
    assert (after["title"], after["status"]) == expected
    assert compare(desk, quote) == []
    quote.title = "Renamed here"
    db.session.commit()
    assert desk.push(quote).state == "synced"
    (after,) = remote(desk, quote, "Opportunities")
    assert (after["title"], after["status"]) == expected, "later pushes leave it alone"


def test_a_changed_date_marker_and_contact_of_the_quote_are_found(desk: Desk) -> None:
    quote = pushed(desk)
    (there,) = remote(desk, quote, "Quotes")
    other = desk.tenant.seed(
        Contacts=[
            {
                "firstName": "Old",
                "lastName": "Hand",
                "isActive": 1,
                "companyID": there["companyID"],
            }
        ]
    )["Contacts"][0]
    desk.tenant.edit(
        "Quotes",
        there["id"],
        expirationDate="2031-01-01T00:00:00.000Z",
        externalQuoteNumber="X-1",
        contactID=other,
    )
    drift_check.check_one(desk.runtime, quote)
    found = {one.field: one for one in db.session.scalars(db.select(DriftFinding))}
    assert set(found) == {"expirationDate", "externalQuoteNumber", "contactID"}
    assert found["contactID"].theirs == other
    decide(desk, quote, OURS)
    assert desk.process(quote).state == "synced"
    (after,) = remote(desk, quote, "Quotes")
    assert (after["externalQuoteNumber"], after["contactID"]) == (str(quote.number), there["contactID"])
    assert after["expirationDate"] == there["expirationDate"]


def test_a_day_that_comes_back_as_another_hour_of_it_is_no_drift(desk: Desk) -> None:
    quote = pushed(desk)
    (there,) = remote(desk, quote, "Quotes")
    shifted = there["effectiveDate"].replace("T00:00:00", "T05:00:00")
    assert shifted != there["effectiveDate"]
    desk.tenant.edit("Quotes", there["id"], effectiveDate=shifted)
    assert compare(desk, quote) == []


def test_a_won_quote_is_compared_with_what_winning_means(desk: Desk) -> None:
    quote = pushed(desk)
    acceptance.record_for_customer(desk.rep, quote.id, {"name": "Nora Quist", "email": ""})
    assert desk.process(quote).state == "synced"
    assert compare(desk, quote) == []
    (opportunity,) = remote(desk, quote, "Opportunities")
    active = desk.pick("Opportunities", "status", "Active")
    desk.tenant.edit("Opportunities", opportunity["id"], status=active)
    assert [one.field for one in compare(desk, quote)] == ["status"]
    decide(desk, quote, OURS)
    assert desk.process(quote).state == "synced"
    assert remote(desk, quote, "Opportunities")[0]["status"] == opportunity["status"]


def test_while_a_push_waits_nothing_is_compared(desk: Desk) -> None:
    quote = pushed(desk)
    assert quote.current_revision is not None
    room.add(processing.delivery(quote, quote.current_revision, "again"))
    db.session.commit()
    with pytest.raises(Conflict, match="This quote is waiting to sync"):
        drift_check.check_one(desk.runtime, quote)


def test_a_push_that_ends_while_autotask_is_read_voids_the_comparison(desk: Desk) -> None:
    quote = pushed(desk)
    desk.tenant.edit("QuoteItems", remote(desk, quote)[0]["id"], unitPrice=99)
    entry = newest_entry(quote.id)
    entry.updated_at = utc_now() + timedelta(seconds=30)
    db.session.commit()
    assert compare(desk, quote) == []


def test_a_quote_that_was_never_pushed_and_an_autotask_that_does_not_answer(desk: Desk) -> None:
    with pytest.raises(ServiceError, match="never synced"):
        drift_check.check_one(desk.runtime, desk.quote({"name": "A"}))
    quote = pushed(desk)
    desk.tenant.change(secret="another one")
    with pytest.raises(ServiceError, match="no longer accepts"):
        drift_check.check_one(desk.runtime, quote)
    from webapp.services.autotask.drift import listing as drift_listing

    assert "no longer accepts" in drift_listing.summary(quote).sentence
    from webapp.services.autotask.connection import connection

    connection.disconnect(desk.rep)
    with pytest.raises(NotConnected):
        drift_check.check_one(desk.runtime, quote)


def test_deciding_about_values_that_changed_meanwhile_is_refused_whole(desk: Desk) -> None:
    quote = pushed(desk)
    item = remote(desk, quote)[0]
    desk.tenant.edit("QuoteItems", item["id"], unitPrice=99, quantity=3)
    findings = compare(desk, quote)
    choices = {one.id: (OURS, drift_decide.seen(one)) for one in findings}
    desk.tenant.edit("QuoteItems", item["id"], unitPrice=98)
    compare(desk, quote)
    with pytest.raises(Conflict, match="changed after you opened this page"):
        drift_decide.decide(desk.rep, quote, choices)
    assert {one.state for one in db.session.scalars(db.select(DriftFinding))} == {OPEN}
    assert newest_entry(quote.id).state != DeliveryState.WAITING


@pytest.mark.parametrize("choices", [{}, {1: ("mine", "")}, {4711: (OURS, "")}])
def test_choices_that_make_no_sense_are_refused(desk: Desk, choices: dict[int, tuple[str, str]]) -> None:
    quote = pushed(desk)
    desk.tenant.edit("QuoteItems", remote(desk, quote)[0]["id"], unitPrice=99)
    compare(desk, quote)
    with pytest.raises((Invalid, Conflict)):
        drift_decide.decide(desk.rep, quote, choices)
    assert {one.state for one in db.session.scalars(db.select(DriftFinding))} == {OPEN}


def test_findings_of_another_quote_cannot_be_decided_through_this_one(desk: Desk) -> None:
    quote, other = pushed(desk), pushed(desk)
    desk.tenant.edit("QuoteItems", remote(desk, other)[0]["id"], unitPrice=99)
    (finding,) = compare(desk, other)
    with pytest.raises(Conflict):
        drift_decide.decide(desk.rep, quote, {finding.id: (OURS, drift_decide.seen(finding))})


def test_nothing_is_decided_while_a_push_holds_the_quote(desk: Desk) -> None:
    quote = pushed(desk)
    desk.tenant.edit("QuoteItems", remote(desk, quote)[0]["id"], unitPrice=99)
    compare(desk, quote)
    token = lease.take(quote.id, "a push")
    assert token is not None
    with pytest.raises(Conflict, match="syncing right now"):
        decide(desk, quote, OURS)
    lease.release(quote.id, token)
    assert decide(desk, quote, OURS).ours == 1


def test_lines_that_autotask_renumbered_in_our_order_are_no_drift(desk: Desk) -> None:
    quote = pushed(desk, {"name": "A"}, {"name": "B"}, {"name": "C"})
    for number, row in enumerate(remote(desk, quote), start=1):
        desk.tenant.edit("QuoteItems", row["id"], sortOrderID=number)
    assert compare(desk, quote) == []


@pytest.mark.parametrize("renumbered", [False, True])
@pytest.mark.parametrize(("side", "order"), [(OURS, ["A", "B", "C"]), (THEIRS, ["C", "A", "B"])])
def test_a_moved_line_is_found_and_decided(desk: Desk, side: str, order: list[str], renumbered: bool) -> None:
    quote = pushed(desk, {"name": "A"}, {"name": "B"}, {"name": "C"})
    first, second, third = remote(desk, quote)
    numbers = {third["id"]: 1, first["id"]: 2, second["id"]: 3} if renumbered else {third["id"]: 5}
    for row_id, number in numbers.items():
        desk.tenant.edit("QuoteItems", row_id, sortOrderID=number)
    (finding,) = compare(desk, quote)
    assert (finding.field, finding.title) == ("sortOrderID", "line 3 “C”")
    decide(desk, quote, side)
    if side == OURS:
        assert desk.process(quote).state == "synced"
    assert [row["name"] for row in remote(desk, quote)] == order
    assert compare(desk, quote) == []
    quote.lines[0].unit_price = Decimal(12)
    db.session.commit()
    desk.push(quote)
    assert [row["name"] for row in remote(desk, quote)] == order
