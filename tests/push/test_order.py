"""The order of lines: right after every change, at the cost of the one line that was moved."""

from __future__ import annotations

from typing import Any

from tests.push.test_histories import items
from tests.push.test_reconcile import again
from tests.support.connected_desk import Desk, line
from webapp.models import Link, Quote, db
from webapp.services.autotask.wanted.positions import FIELD, GAP


def names(desk: Desk) -> list[str]:
    return [row["name"] for row in items(desk)]


def cost(desk: Desk, quote: Quote) -> tuple[int, int]:
    """Push the changes; how many calls it took, and how many of them wrote."""
    db.session.commit()
    db.session.expire_all()
    desk.tenant.forget_calls()
    run = desk.push(quote)
    assert run.state == "synced", run.sentence
    stats = desk.tenant.stats()
    return stats["total"], stats["writes"]


def reorder(quote: Quote, lines: list[Any]) -> None:
    for position, one in enumerate(lines, start=1):
        one.position = position


def test_one_line_of_a_hundred_is_moved_inserted_or_removed_by_four_calls(desk: Desk) -> None:
    labor = {"category_id": desk.labor.id}
    quote = desk.quote(*({"name": f"Line {number}", **labor} for number in range(100)))
    assert desk.push(quote).state == "synced"
    lines = list(quote.lines)
    reorder(quote, [lines[-1], *lines[:-1]])
    assert cost(desk, quote) == (4, 2), "the last line moved to the top, and the PDF"
    lines = list(quote.lines)
    new = line(name="New", position=0, **labor)
    quote.lines.append(new)
    reorder(quote, [new, *lines])
    assert cost(desk, quote) == (4, 2), "a line inserted at the top"
    db.session.delete(quote.lines[0])
    assert cost(desk, quote) == (4, 2), "the first line removed"
    assert names(desk) == [one.name for one in quote.lines]


def test_numbers_without_gaps_stay_until_the_order_changes(desk: Desk) -> None:
    """Quotes that an older version pushed."""
    quote = desk.quote(*({"name": name} for name in "ABCDEF"))
    assert desk.push(quote).state == "synced"
    for number, row in enumerate(items(desk), start=1):
        desk.tenant.edit("QuoteItems", row["id"], sortOrderID=number)
        link = db.session.scalars(
            db.select(Link).filter_by(remote_entity="QuoteItems", remote_id=row["id"])
        ).one()
        link.pushed = {**link.pushed, FIELD: number}
    db.session.commit()
    desk.tenant.forget_calls()
    assert again(desk, quote).state == "synced"
    assert desk.tenant.stats()["writes"] == 0
    first, *rest = quote.lines
    reorder(quote, [*rest, first])
    assert cost(desk, quote) == (4, 2)
    assert names(desk) == list("BCDEFA")
    lines = list(quote.lines)
    reorder(quote, [lines[-1], *lines[:-1]])
    assert cost(desk, quote) == (4, 2), "1 is free again"
    db.session.expire_all()
    assert names(desk) == list("ABCDEF")


def test_lines_that_autotask_renumbered_keep_our_order(desk: Desk) -> None:
    """Someone dragged a line there and back, which renumbered all of them; then a line is put in between here."""
    quote = desk.quote(*({"name": name} for name in "ABC"))
    assert desk.push(quote).state == "synced"
    for number, row in enumerate(items(desk), start=1):
        desk.tenant.edit("QuoteItems", row["id"], sortOrderID=number)
    first, *rest = quote.lines
    new = line(name="New", position=0)
    quote.lines.append(new)
    reorder(quote, [first, new, *rest])
    db.session.commit()
    run = desk.push(quote)
    assert (run.state, run.sentence) == ("synced", "")
    assert names(desk) == ["A", "New", "B", "C"]
    desk.tenant.forget_calls()
    assert again(desk, quote).state == "synced"
    assert desk.tenant.stats()["writes"] == 0


def test_an_order_that_someone_made_in_autotask_is_reported_and_left(desk: Desk) -> None:
    quote = desk.quote({"name": "A"}, {"name": "B"})
    assert desk.push(quote).state == "synced"
    desk.tenant.edit("QuoteItems", items(desk)[0]["id"], sortOrderID=3 * GAP)
    run = again(desk, quote)
    assert run.state == "out_of_sync"
    assert "doesn't follow" in run.sentence
    assert names(desk) == ["B", "A"]
