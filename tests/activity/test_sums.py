"""The sync log compares the quote's own sums with Autotask's, and names everything between them."""

from __future__ import annotations

import re

from tests.support.connected_desk import Desk
from tests.support.visitor import Visitor, text
from webapp.services.autotask.activity import run_detail


def test_monthly_labor_is_named_where_the_sums_differ(desk: Desk, desk_admin: Visitor) -> None:
    quote = desk.quote(
        {"name": "Rack", "unit_price": 100},
        {"name": "Care hours", "quantity": 3, "unit_price": 65, "recurrence": "monthly", "category_id": desk.labor.id},
        {"name": "Optional hours", "unit_price": 9, "recurrence": "annual", "category_id": desk.labor.id,
         "is_optional": True},
        {"name": "Managed Workstation", "unit_price": 45, "recurrence": "monthly"},
    )  # fmt: skip
    run = desk.push(quote)
    assert (run.state, run.report["amounts"]) == (
        "synced",
        {"one_time": ["100.00", "295.00"], "monthly": ["240.00", "45.00"]},
    )
    once, monthly = run_detail.of_run(desk.runtime, run).totals
    sentence = "Line 2 “Care hours” is labor, which Autotask bills once. The quote bills it monthly."
    assert (once.here, once.moves, once.there, once.agrees) == (
        "100.00",
        [(sentence, "+195.00")],
        "295.00",
        True,
    )
    assert (monthly.here, monthly.moves, monthly.there) == ("240.00", [(sentence, "-195.00")], "45.00")
    page = text(desk_admin.client.get(f"/activity/runs/{run.id}"))
    assert re.search(r"100\.00 295\.00 Yes Line 2 “Care hours” is labor, .*? \+195\.00", page)


def test_without_a_translation_the_sums_are_the_same(desk: Desk) -> None:
    quote = desk.quote(
        {"name": "Rack", "unit_price": "19.99", "quantity": 3}, discount_kind="amount", discount_value=7
    )
    run = desk.push(quote)
    assert run.report["translations"] == []
    (total,) = run_detail.of_run(desk.runtime, run).totals
    assert (total.here, total.there, total.moves, total.agrees) == ("52.97", "52.97", [], True)


def test_a_sum_that_someone_changed_in_autotask_does_not_agree(desk: Desk) -> None:
    quote = desk.quote({"name": "Care hours", "recurrence": "monthly", "category_id": desk.labor.id})
    assert desk.push(quote).state == "synced"
    (item,) = desk.tenant.query("QuoteItems", {"op": "eq", "field": "name", "value": "Care hours"})
    desk.tenant.edit("QuoteItems", item["id"], unitPrice=11)
    quote.title = "Another title"
    run = desk.push(quote)
    once, monthly = run_detail.of_run(desk.runtime, run).totals
    assert (once.here, once.there, once.agrees, monthly.agrees) == ("0.00", "11.00", False, True)
