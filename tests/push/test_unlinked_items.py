"""Items that no link names: ours are found and never stand twice, a person's are never touched."""

from __future__ import annotations

from typing import Any

from tests.push.faults import recover
from tests.push.test_histories import items
from tests.support.connected_desk import Desk, newest_entry
from webapp.models import Link, Quote, db
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
    quote.version += 1
    db.session.commit()
    assert desk.push(quote).state == "synced"
    assert [(row["id"], row["name"], row["unitPrice"]) for row in items(desk)] == before
