"""Items that no link names: ours are found and never stand twice, a person's are never touched."""

from __future__ import annotations

from typing import Any

from tests.push.faults import at_call, recover
from tests.push.test_histories import items
from tests.support.connected_desk import Desk, newest_entry, newest_run
from webapp.models import Delivery, Link, Quote, db, utc_now
from webapp.models.delivery import DeliveryState
from webapp.services.delivery import attempt


def copy_of(row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A record as someone would add it in Autotask."""
    without = ("id", "userDefinedFields", "totalEffectiveTax")
    return {
        **{name: value for name, value in row.items() if name not in without and value is not None},
        **changes,
    }


def in_doubt(desk: Desk) -> Quote:
    """A quote whose line is linked, while an earlier create of it is still in doubt."""
    quote = desk.quote({"name": "Box", "unit_price": 10}, {"name": "Rack"})
    desk.tenant.add_fault(kind="503", entity="QuoteItems", verb="create", times=0)
    desk.push(quote)
    desk.tenant._ask("DELETE", "/faults")
    # The quote's items arrive, but the run can't compare them, so nothing is settled.
    desk.tenant.add_fault(kind="503", entity="Opportunities", verb="get", times=0)
    attempt.perform(desk.runtime, newest_entry(quote.id).id, early=True)
    desk.tenant._ask("DELETE", "/faults")
    assert newest_entry(quote.id).state == DeliveryState.WAITING
    return quote


def test_an_item_that_only_looks_like_our_duplicate_is_left_alone(desk: Desk) -> None:
    quote = in_doubt(desk)
    theirs = copy_of(items(desk)[0], unitPrice=77)
    (number,) = desk.tenant.seed(QuoteItems=[theirs])["QuoteItems"]
    run = recover(desk, quote.id, states=("out_of_sync",))
    assert f"“Box” ({number}) was added in Autotask" in run.sentence
    assert sorted(row["unitPrice"] for row in items(desk) if row["name"] == "Box") == [10, 77]


def test_our_duplicate_is_deleted(desk: Desk) -> None:
    quote = in_doubt(desk)
    desk.tenant.seed(QuoteItems=[copy_of(items(desk)[0])])
    recover(desk, quote.id)
    assert [row["name"] for row in items(desk)] == ["Box", "Rack"]


def test_items_whose_links_were_lost_are_found_after_they_were_moved(desk: Desk) -> None:
    quote = desk.quote({"name": "Same", "unit_price": 1}, {"name": "Same", "unit_price": 2}, {"name": "C"})
    assert desk.push(quote).state == "synced"
    first, second, third = quote.lines
    first.position, second.position, third.position = 2, 3, 1
    db.session.commit()
    assert desk.push(quote).state == "synced"
    before = [(row["id"], row["name"], row["unitPrice"]) for row in items(desk)]
    assert [row[1:] for row in before] == [("C", 10), ("Same", 1), ("Same", 2)]
    db.session.execute(
        db.delete(Link).where(Link.remote_entity.in_(("QuoteItems", "Quotes", "Opportunities")))
    )
    quote.comments = "Again"
    db.session.commit()
    assert desk.push(quote).state == "synced"
    assert [(row["id"], row["name"], row["unitPrice"]) for row in items(desk)] == before


def test_our_duplicate_that_appears_during_the_push_is_deleted(desk: Desk) -> None:
    """Autotask finishes a lost create after the push has looked for it."""
    undisturbed = in_doubt(desk)
    desk.tenant.forget_calls()
    recover(desk, undisturbed.id)
    calls = desk.tenant.stats()["total"]
    quote = in_doubt(desk)
    copy = copy_of(items(desk)[0])
    # The last two calls compare.
    with at_call(calls - 1, lambda: desk.tenant.seed(QuoteItems=[copy]), "before"):
        db.session.execute(db.update(Delivery).values(not_before=utc_now()))
        db.session.commit()
        attempt.perform(desk.runtime, newest_entry(quote.id).id, early=True)
    run = newest_run(quote.id)
    assert run is not None
    assert (run.state, run.sentence) == ("synced", "")
    assert [row["name"] for row in items(desk)] == ["Box", "Rack"]


def test_a_copy_of_a_line_is_not_said_to_be_added_by_a_person(desk: Desk) -> None:
    """Two deliveries of one create: nothing was lost, so nothing is deleted without being asked."""
    desk.tenant.add_fault(kind="duplicate", entity="QuoteItems", verb="create", times=1)
    quote = desk.quote({"name": "Box", "unit_price": 10})
    run = desk.push(quote)
    assert run.state == "out_of_sync"
    assert "stands twice in Autotask, as a copy of line 1 “Box”, and adds 10.00" in run.sentence


def test_a_linked_product_that_is_gone_is_found_again_when_a_line_changes_its_kind(desk: Desk) -> None:
    quote = desk.quote({"name": "Care", "recurrence": "one_time"}, {"name": "Rack"})
    assert desk.push(quote).state == "synced"
    product = items(desk)[0]["productID"]
    change_recurrence(quote, "monthly")
    assert desk.push(quote).state == "synced"
    desk.tenant.remove("Products", product)
    change_recurrence(quote, "one_time")
    run = desk.push(quote)
    assert (run.state, run.sentence) == ("synced", "")
    known = {row["id"] for row in desk.tenant.query("Products")}
    assert items(desk)[0]["productID"] in known - {product}


def change_recurrence(quote: Quote, recurrence: str) -> None:
    quote.lines[0].recurrence = recurrence
    db.session.commit()
