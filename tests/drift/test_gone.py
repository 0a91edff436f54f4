"""A push that meets a quote that somebody deleted in Autotask."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.drift.test_comparison import compare, decide, pushed, remote
from tests.support.connected_desk import Desk, line
from webapp.models import Quote, db
from webapp.models.drift import THEIRS


def delete_there(desk: Desk, quote: Quote, *, opportunity: bool = False) -> None:
    (there,) = remote(desk, quote, "Quotes")
    for item in remote(desk, quote):
        desk.tenant.remove("QuoteItems", item["id"])
    desk.tenant.remove("Quotes", there["id"])
    if opportunity:
        desk.tenant.remove("Opportunities", there["opportunityID"])


@pytest.mark.parametrize("opportunity", [False, True])
@pytest.mark.parametrize("change", ["line", "header", "new line"])
def test_what_was_deleted_there_is_made_again_whole(desk: Desk, change: str, opportunity: bool) -> None:
    quote = pushed(desk, {"name": "A"}, {"name": "B"})
    delete_there(desk, quote, opportunity=opportunity)
    if change == "line":
        quote.lines[0].unit_price = Decimal(99)
    elif change == "header":
        quote.purchase_order_number = "PO-1"
    else:
        quote.lines.append(line(name="C", position=3))
    db.session.commit()
    run = desk.push(quote)
    assert run.state == "synced", run.sentence
    assert [row["name"] for row in remote(desk, quote)] == [one.name for one in quote.lines]


def test_many_deleted_lines_are_made_again_at_once(desk: Desk) -> None:
    quote = pushed(desk, *({"name": f"Line {number}"} for number in range(8)))
    for item in remote(desk, quote)[1:]:
        desk.tenant.remove("QuoteItems", item["id"])
    for one in quote.lines:
        one.unit_price = Decimal(99)
    db.session.commit()
    run = desk.push(quote)
    assert run.state == "synced", run.sentence
    assert [row["name"] for row in remote(desk, quote)] == [one.name for one in quote.lines]
    assert len(desk.tenant.state()["Quotes"]) == 1


def test_a_line_left_away_stays_away_when_another_vanishes(desk: Desk) -> None:
    quote = pushed(desk, {"name": "A"}, {"name": "B"}, {"name": "C"})
    desk.tenant.remove("QuoteItems", remote(desk, quote)[0]["id"])
    compare(desk, quote)
    decide(desk, quote, THEIRS)
    desk.tenant.remove("QuoteItems", remote(desk, quote)[0]["id"])
    for one in quote.lines:
        one.unit_price = Decimal(99)
    db.session.commit()
    assert desk.push(quote).state == "out_of_sync"
    assert [row["name"] for row in remote(desk, quote)] == ["B", "C"]
