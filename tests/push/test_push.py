"""The push end to end: from a published quote to Autotask's records."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.support.connected_desk import Desk, every_kind
from webapp.models import db
from webapp.services.autotask.push import processing
from webapp.services.delivery import room
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.lifecycle import transitions


def number(value: Any) -> Decimal:
    return Decimal(str(value))


def of_quote(
    desk: Desk, quote_number: int | None
) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """Opportunity, quote and its items in order."""
    state = desk.tenant.state()
    quotes = [row for row in state["Quotes"] if row["externalQuoteNumber"] == str(quote_number)]
    assert len(quotes) == 1
    opportunity = next(row for row in state["Opportunities"] if row["id"] == quotes[0]["opportunityID"])
    items = [row for row in state["QuoteItems"] if row["quoteID"] == quotes[0]["id"]]
    return opportunity, quotes[0], sorted(items, key=lambda row: row["sortOrderID"])


def test_every_kind_of_line_arrives_with_its_amounts(desk: Desk) -> None:
    quote = desk.quote(*every_kind(desk), shipping_amount=Decimal("49.90"), expires_on=None)
    run = desk.push(quote)
    assert (run.state, run.sentence) == ("synced", "")
    opportunity, _, items = of_quote(desk, quote.number)
    assert [row["name"] for row in items] == [line.name for line in quote.lines] + ["Shipping"]
    types = {str(c["value"]): c["label"] for c in _picklist(desk, "quoteItemType")}
    kinds = [types[str(row["quoteItemType"])] for row in items]
    assert kinds == ["Product"] * 4 + ["Service"] * 4 + ["Labor"] * 2 + ["Product"] * 3 + ["Shipping"]
    periods = {str(c["value"]): c["label"] for c in _picklist(desk, "periodType")}
    assert periods[str(items[9]["periodType"])] == "One-Time", "labor is one-time whatever its period"
    assert periods[str(items[12]["periodType"])] == "Yearly", (
        "a recurring product pulled from Autotask stays a product"
    )
    # 2469.12 + 53.97 + 28.00 + 449.00 + 1125.00 + 190.00 + 150.00 + 49.90
    assert number(opportunity["onetimeRevenue"]) == Decimal("4514.99")
    assert number(opportunity["monthlyRevenue"]) == Decimal("1125.00")
    assert number(opportunity["quarterlyRevenue"]) == Decimal("300.00")
    assert number(opportunity["semiannualRevenue"]) == Decimal("2400.00")
    assert number(opportunity["yearlyRevenue"]) == Decimal("530.00")
    assert items[10]["isOptional"] is True
    files = desk.tenant.state()["OpportunityAttachments"]
    assert [file["opportunityID"] for file in files] == [opportunity["id"]]
    assert files[0]["size"] > 5000


def _picklist(desk: Desk, field: str) -> list[dict[str, Any]]:
    fields = desk.tenant.get("/v1.0/QuoteItems/entityInformation/fields")["fields"]
    return next(entry["picklistValues"] for entry in fields if entry["name"] == field)


def test_labor_creates_no_product(desk: Desk) -> None:
    before = len(desk.tenant.query("Products"))
    run = desk.push(desk.quote({"name": "Only labor", "category_id": desk.labor.id}))
    assert run.state == "synced"
    assert len(desk.tenant.query("Products")) == before


def test_an_unchanged_quote_is_pushed_with_two_reads_and_no_write(desk: Desk) -> None:
    quote = desk.quote(*every_kind(desk))
    desk.push(quote)
    desk.tenant.forget_calls()
    assert quote.current_revision is not None
    room.add(processing.delivery(quote, quote.current_revision, "again"))
    db.session.commit()
    assert desk.process(quote).state == "synced"
    stats = desk.tenant.stats()
    assert (stats["total"], stats["writes"]) == (2, 0), stats


def test_one_changed_line_costs_four_calls_and_two_of_them_write(desk: Desk) -> None:
    quote = desk.quote(*every_kind(desk))
    desk.push(quote)
    desk.tenant.forget_calls()
    quote.lines[0].unit_price = Decimal("1200.00")
    db.session.commit()
    assert desk.push(quote).state == "synced"
    stats = desk.tenant.stats()
    assert stats["total"] <= 4, stats
    assert stats["writes"] == 2, "the line and the PDF"
    opportunity, _, items = of_quote(desk, quote.number)
    assert number(items[0]["unitPrice"]) == 1200
    assert number(opportunity["onetimeRevenue"]) == Decimal("4395.97")


def test_removed_added_and_moved_lines_follow(desk: Desk) -> None:
    quote = desk.quote({"name": "A"}, {"name": "B"}, {"name": "C"})
    desk.push(quote)
    first, second, third = quote.lines
    db.session.delete(second)
    first.position, third.position = 2, 1
    from tests.support.connected_desk import line

    quote.lines.append(line(name="D", position=3))
    db.session.commit()
    assert desk.push(quote).state == "synced"
    _, _, items = of_quote(desk, quote.number)
    assert [row["name"] for row in items] == ["C", "A", "D"]


def test_a_line_added_by_hand_in_autotask_is_left_alone(desk: Desk) -> None:
    quote = desk.quote({"name": "A"})
    desk.push(quote)
    _, remote, items = of_quote(desk, quote.number)
    desk.tenant.seed(
        QuoteItems=[
            {
                **{k: v for k, v in items[0].items() if k not in ("id", "userDefinedFields")},
                "name": "By hand",
                "sortOrderID": 9_999,
                "quoteID": remote["id"],
            }
        ]
    )
    quote.lines[0].unit_price = Decimal(11)
    db.session.commit()
    run = desk.push(quote)
    assert run.state == "out_of_sync", "its 10.00 are in Autotask's sums and not in ours"
    assert run.report["foreign"]
    _, _, items = of_quote(desk, quote.number)
    assert [row["name"] for row in items] == ["A", "By hand"]


def test_winning_and_losing_change_the_status(desk: Desk) -> None:
    won, lost = desk.quote({"name": "A"}), desk.quote({"name": "B"})
    desk.push(won)
    desk.push(lost)
    acceptance.record_for_customer(desk.rep, won.id, {"name": "Nora Quist", "email": ""})
    assert desk.process(won).state == "synced"
    transitions.advance(desk.rep, lost.id, "lost", reason="Too dear")
    assert desk.process(lost).state == "synced"
    closed, gone = (
        desk.pick("Opportunities", "status", "Closed"),
        desk.pick("Opportunities", "status", "Lost"),
    )
    assert of_quote(desk, won.number)[0]["status"] == closed
    assert of_quote(desk, lost.number)[0]["status"] == gone
    assert of_quote(desk, lost.number)[0]["lossReasonDetail"] == "Too dear"


def test_two_companies_of_the_same_name_become_a_question(desk: Desk) -> None:
    rows = [
        {
            "companyName": "Twin Oaks",
            "companyType": 1,
            "phone": "1",
            "ownerResourceID": 29682880,
            "isActive": True,
        }
    ] * 2
    ids = desk.tenant.seed(Companies=rows)["Companies"]
    quote = desk.quote({"name": "A"}, organization=desk.organization("Twin Oaks"))
    run = desk.push(quote)
    assert run.state == "needs_you"
    assert desk.tenant.stats()["writes"] == 0
    from webapp.models import PushQuestion

    question = db.session.scalars(db.select(PushQuestion)).one()
    assert [c["id"] for c in question.candidates] == ids
    question.chosen_id = ids[1]
    assert quote.current_revision is not None
    room.add(processing.delivery(quote, quote.current_revision, "answered"))
    db.session.commit()
    assert desk.process(quote).state == "synced"
    assert of_quote(desk, quote.number)[0]["companyID"] == ids[1]
