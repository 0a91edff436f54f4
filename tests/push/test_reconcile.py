"""After a push, every difference in totals, taxes, discounts or order is reported by line and to the cent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.push.test_push import of_quote
from tests.support.connected_desk import Desk
from webapp.models import PushRun, Quote, db
from webapp.services.autotask.push import processing
from webapp.services.delivery import room


def again(desk: Desk, quote: Quote) -> PushRun:
    """Push the newest revision again."""
    assert quote.current_revision is not None
    room.add(processing.delivery(quote, quote.current_revision, "again"))
    db.session.commit()
    return desk.process(quote)


def three_lines(desk: Desk) -> Quote:
    return desk.quote(
        {"name": "Switch", "quantity": 2, "unit_price": 50, "discount_kind": "unit", "discount_value": 5},
        {"name": "Care", "unit_price": 20, "recurrence": "monthly"},
        {"name": "Router", "unit_price": 80, "tax_code_id": desk.tax.id},
    )


@pytest.mark.parametrize(
    ("place", "change", "sentence"),
    [
        (0, {"quantity": 3}, "Line 1 “Switch” totals 135.00 in Autotask and 90.00 here."),
        (0, {"unitPrice": 45, "unitDiscount": 0}, "Line 1 “Switch” has a discount of 0.00 in Autotask and 10.00 here."),
        (1, {"periodType": "Yearly"}, "Line 2 “Care” has a different billing period in Autotask than here (monthly)."),
        (1, {"isOptional": True}, "Line 2 “Care” is optional in Autotask but not here."),
        (2, {"isTaxable": False}, "Line 3 “Router” has 0.00 tax in Autotask and 7.10 here."),
        (2, {"sortOrderID": 1}, "Line 3 “Router” doesn't follow line 2 “Care” in Autotask"),
        (1, None, "Line 2 “Care” is missing in Autotask."),
    ],
)  # fmt: skip
def test_a_line_that_differs_puts_the_run_out_of_sync_and_is_named(
    desk: Desk, place: int, change: dict[str, Any] | None, sentence: str
) -> None:
    quote = three_lines(desk)
    assert desk.push(quote).state == "synced"
    _, _, items = of_quote(desk, quote.number)
    if change is None:
        desk.tenant.remove("QuoteItems", items[place]["id"])
    else:
        if "periodType" in change:
            change = {"periodType": desk.pick("QuoteItems", "periodType", change["periodType"])}
        desk.tenant.edit("QuoteItems", items[place]["id"], **change)
    run = again(desk, quote)
    assert run.state == "out_of_sync"
    assert sentence in run.sentence


def test_a_line_added_in_autotask_makes_the_totals_differ_and_is_named(desk: Desk) -> None:
    quote = three_lines(desk)
    desk.push(quote)
    _, remote, items = of_quote(desk, quote.number)
    new = {**items[0], "name": "By hand", "sortOrderID": 9, "quoteID": remote["id"]}
    for name in ("id", "userDefinedFields"):
        new.pop(name)
    (number,) = desk.tenant.seed(QuoteItems=[new])["QuoteItems"]
    run = again(desk, quote)
    assert run.state == "out_of_sync"
    assert f"“By hand” ({number}) was added in Autotask and adds 90.00" in run.sentence
    desk.tenant.edit("QuoteItems", number, isOptional=True)
    assert again(desk, quote).state == "synced", "an optional line changes no sum"


def test_an_opportunity_that_did_not_follow_is_written_and_checked_again(desk: Desk) -> None:
    quote = three_lines(desk)
    desk.push(quote)
    opportunity, _, _ = of_quote(desk, quote.number)
    desk.tenant.edit("Opportunities", opportunity["id"], useQuoteTotals=False, monthlyRevenue=1)
    assert again(desk, quote).state == "synced"
    assert Decimal(str(of_quote(desk, quote.number)[0]["monthlyRevenue"])) == 20


def test_amounts_of_an_opportunity_that_does_not_follow_are_compared_too(desk: Desk) -> None:
    chosen = desk.settings("opportunity").model_copy(update={"use_quote_totals": False})
    desk.save(opportunity=chosen)
    quote = three_lines(desk)
    assert desk.push(quote).state == "synced"
    opportunity, _, _ = of_quote(desk, quote.number)
    desk.tenant.edit("Opportunities", opportunity["id"], monthlyRevenue=1)
    run = again(desk, quote)
    assert (run.state, run.sentence) == (
        "out_of_sync",
        "The opportunity's monthly revenue is 1.00 in Autotask and 20.00 here.",
    )
    assert Decimal(str(of_quote(desk, quote.number)[0]["monthlyRevenue"])) == 1, "theirs is left to a person"
