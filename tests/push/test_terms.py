"""A subscription in Autotask: its setup fee is a one-time item that follows the line through edits."""

from __future__ import annotations

from decimal import Decimal

from tests.push.test_money import items_of
from tests.support.connected_desk import Desk
from webapp.models import db
from webapp.services.autotask.drift import check
from webapp.services.autotask.links import rebuild, rows
from webapp.services.quoting.revisions import parts


def test_a_setup_fee_is_pushed_changed_and_removed(desk: Desk) -> None:
    name = f"Seats {desk.mark()}"
    seats = {"name": name, "unit_price": 20, "quantity": 10, "recurrence": "monthly", "term_months": 12}
    quote = desk.quote(
        {**seats, "setup_fee": Decimal("249.50")},
        {"name": "Rack", "unit_price": 100},
        discount_kind="amount",
        discount_value=Decimal(40),
    )
    run = desk.push(quote)
    assert run.state == "synced", run.sentence
    assert run.report["amounts"]["one_time"] == ["309.50", "309.50"]
    pushed, fee = items_of(desk, quote), f"Setup fee: {name}"
    assert set(pushed) == {name, fee, "Rack"}
    assert pushed[name]["description"].startswith("12-month term.")
    assert (pushed[fee]["unitPrice"], pushed[fee]["lineDiscount"]) == (249.5, 0)
    line = quote.lines[0]
    assert rows.load().lines[quote.id, parts.fee_uid(line.uid)] == fee
    assert quote.id not in rebuild._lacking()
    assert check.check_one(desk.runtime, quote) == 0

    line.setup_fee = Decimal(99)
    db.session.commit()
    assert desk.push(quote).state == "synced"
    changed = items_of(desk, quote)
    assert (changed[fee]["id"], changed[fee]["unitPrice"]) == (pushed[fee]["id"], 99)
    line.setup_fee = Decimal(0)
    db.session.commit()
    assert desk.push(quote).state == "synced"
    assert set(items_of(desk, quote)) == {name, "Rack"}
