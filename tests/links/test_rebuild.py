"""Finding lost links again in Autotask: by markers, with nothing guessed and nothing stored unasked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support import samples
from tests.support.connected_desk import Desk, every_kind
from webapp.models import DiaryEntry, Link, Quote, db, local_key
from webapp.services.autotask.api.errors import NotConnected
from webapp.services.autotask.connection import connection
from webapp.services.autotask.drift import check as drift_check
from webapp.services.autotask.known.links import key_of_link
from webapp.services.autotask.links import rebuild
from webapp.services.autotask.links.rebuild import Report
from webapp.services.delivery import room
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.answer.signature import Evidence


def lose_links(*, but: str = "") -> None:
    """All links are lost, as with a database that was made anew."""
    statement = db.delete(Link)
    if but:
        statement = statement.where(Link.remote_entity != but)
    db.session.execute(statement)
    db.session.commit()


def links() -> dict[tuple[str, str, str], tuple[int, int | None]]:
    db.session.expire_all()
    return {
        (one.local_type, one.local_id, one.remote_entity): (one.remote_id, one.remote_parent_id)
        for one in db.session.scalars(db.select(Link))
    }


def pushed(desk: Desk, *lines: dict[str, Any], **header: Any) -> Quote:
    quote = desk.quote(*lines or ({"name": "A"}, {"name": "B"}), **header)
    assert desk.push(quote).state == "synced"
    return quote


def look_and_store(desk: Desk) -> Report:
    report = rebuild.search(desk.runtime)
    rebuild.store(desk.rep, report)
    return report


@pytest.mark.both_databases
def test_every_link_comes_back_and_the_next_push_writes_nothing(desk: Desk) -> None:
    quote = pushed(desk, *every_kind(desk), shipping_amount=Decimal("49.90"), comments="Thank you")
    before = links()
    lose_links()
    desk.tenant._ask("DELETE", "/calls")
    report = rebuild.search(desk.runtime)
    assert desk.tenant.stats()["writes"] == 0
    assert links() == {}, "looking stores nothing"
    assert (report.unclear, report.absent) == ([], [])

    rebuild.store(desk.rep, report)
    assert links() == before
    from webapp.services.autotask.push import processing

    assert quote.current_revision is not None
    room.add(processing.delivery(quote, quote.current_revision, "again"))
    db.session.commit()
    desk.tenant._ask("DELETE", "/calls")
    assert desk.process(quote).state == "synced"
    assert desk.tenant.stats()["writes"] == 0
    assert drift_check.check_one(desk.runtime, quote) == 0
    events = db.session.scalars(db.select(DiaryEntry).filter_by(action="links.rebuilt")).all()
    assert [event.detail for event in events] == [{"stored": len(before)}]


def test_many_quotes_cost_few_calls(desk: Desk) -> None:
    for number in range(4):
        pushed(desk, {"name": f"Thing {number}"})
    lose_links()
    desk.tenant._ask("DELETE", "/calls")
    report = rebuild.search(desk.runtime)
    assert report.looked == 4
    assert desk.tenant.stats()["total"] == 7


def test_links_that_are_there_stay_and_only_lacking_ones_are_found(desk: Desk) -> None:
    quote = pushed(desk)
    before = links()
    line = db.session.scalars(db.select(Link).filter_by(remote_entity="QuoteItems").order_by(Link.id)).all()[
        1
    ]
    lost = key_of_link(line)
    db.session.delete(line)
    db.session.commit()
    report = look_and_store(desk)
    assert [one.key for one in report.found] == [lost]
    assert links() == before
    assert rebuild.search(desk.runtime).looked == 0
    assert quote.number is not None


def test_a_quote_that_was_never_pushed_is_told_as_absent(desk: Desk) -> None:
    from webapp.services.quoting.lifecycle import publishing

    quote = desk.quote({"name": "A"})
    publishing.publish(desk.rep, quote.id)
    report = look_and_store(desk)
    assert report.absent == [
        f"Quote {quote.number} “New office” isn't in Autotask. The next sync creates it."
    ]
    assert links() == {}


def test_a_quote_of_the_same_number_but_another_name_is_not_taken(desk: Desk) -> None:
    quote = pushed(desk)
    (there,) = desk.tenant.state()["Quotes"]
    desk.tenant.edit("Quotes", there["id"], name="Somebody else's")
    lose_links()
    report = look_and_store(desk)
    (sentence,) = report.unclear
    assert sentence == (
        f"Quote {quote.number} “New office”: The quote {there['id']} in Autotask has its number {quote.number}, but "
        "a different name: “Somebody else's”."
    )
    assert links() == {}


def test_two_quotes_of_the_same_number_and_name_are_a_question(desk: Desk) -> None:
    pushed(desk)
    (there,) = desk.tenant.state()["Quotes"]
    copy = {name: value for name, value in there.items() if name not in ("id", "quoteNumber") and value}
    (second,) = desk.tenant.seed(Quotes=[copy])["Quotes"]
    lose_links()
    report = look_and_store(desk)
    assert len(report.unclear) == 1
    assert (
        f"Several quotes in Autotask have its number and name: {there['id']}, {second}." in report.unclear[0]
    )
    assert links() == {}


def test_another_company_and_another_contact_are_not_linked(desk: Desk) -> None:
    quote = pushed(desk)
    state = desk.tenant.state()
    (there,) = state["Quotes"]
    desk.tenant.edit("Companies", there["companyID"], companyName="Bought by another Ltd")
    lose_links()
    report = look_and_store(desk)
    assert any("They aren't linked." in sentence for sentence in report.unclear)
    found = links()
    assert ("quote", str(quote.id), "Quotes") in found
    assert not [key for key in found if key[2] in ("Companies", "Contacts")]


def test_lines_of_the_same_name_are_told_apart_by_their_place_or_not_at_all(desk: Desk) -> None:
    quote = pushed(desk, {"name": "Same", "unit_price": 1}, {"name": "Same", "unit_price": 2}, {"name": "C"})
    before = links()
    lose_links()
    look_and_store(desk)
    assert links() == before

    items = sorted(desk.tenant.state()["QuoteItems"], key=lambda row: row["sortOrderID"])
    for item in items[:2]:
        desk.tenant.edit("QuoteItems", item["id"], sortOrderID=9)
    lose_links()
    report = look_and_store(desk)
    assert len(report.unclear) == 2
    # The lines are made several at a time, so their ids need not follow their order.
    ids = ", ".join(str(number) for number in sorted(item["id"] for item in items[:2]))
    assert f"Line 1 “Same” matches several items: {ids}." in report.unclear[0]
    assert [key[1] for key in links() if key[2] == "QuoteItems"] == [f"{quote.id}:{quote.lines[2].uid}"]


def test_two_items_at_the_same_place_with_the_same_name_are_a_question(desk: Desk) -> None:
    quote = pushed(desk, {"name": "A"}, {"name": "B"})
    item = next(row for row in desk.tenant.state()["QuoteItems"] if row["name"] == "A")
    copy = {name: value for name, value in item.items() if name != "id" and value is not None}
    (second,) = desk.tenant.seed(QuoteItems=[copy])["QuoteItems"]
    lose_links()
    report = look_and_store(desk)
    (sentence,) = report.unclear
    assert f"matches several items: {item['id']}, {second}." in sentence
    assert ("line", f"{quote.id}:{quote.lines[0].uid}", "QuoteItems") not in links()


def test_a_line_that_was_moved_in_autotask_is_found_by_its_name(desk: Desk) -> None:
    quote = pushed(desk)
    item = next(row for row in desk.tenant.state()["QuoteItems"] if row["name"] == "A")
    desk.tenant.edit("QuoteItems", item["id"], sortOrderID=7)
    lose_links()
    report = look_and_store(desk)
    assert report.unclear == []
    assert links()["line", f"{quote.id}:{quote.lines[0].uid}", "QuoteItems"][0] == item["id"]


def test_a_line_that_is_gone_is_told(desk: Desk) -> None:
    pushed(desk)
    item = next(row for row in desk.tenant.state()["QuoteItems"] if row["name"] == "B")
    desk.tenant.remove("QuoteItems", item["id"])
    lose_links()
    report = look_and_store(desk)
    assert [one for one in report.unclear if "Line 2 “B” isn't in Autotask's quote" in one]


def test_what_another_quote_of_ours_holds_is_not_taken_from_it(desk: Desk) -> None:
    quote = pushed(desk)
    (there,) = desk.tenant.state()["Quotes"]
    lose_links()
    other = desk.quote({"name": "Z"})
    db.session.add(Link(local=local_key.quote(other.id), remote_entity="Quotes", remote_id=there["id"]))
    db.session.commit()
    report = look_and_store(desk)
    assert [one for one in report.unclear if f"already linked to quote/{other.id}" in one]
    assert ("quote", str(quote.id), "Quotes") not in links()


def test_what_was_linked_between_looking_and_storing_stays(desk: Desk) -> None:
    quote = pushed(desk)
    lose_links()
    report = rebuild.search(desk.runtime)
    mine = ("quote", str(quote.id), "Quotes")
    db.session.add(Link(local=local_key.quote(quote.id), remote_entity="Quotes", remote_id=4711))
    db.session.commit()
    stored = rebuild.store(desk.rep, report)
    assert stored == len(report.found) - 1
    assert links()[mine][0] == 4711


def test_one_organization_found_as_two_companies_is_not_linked(desk: Desk) -> None:
    organization = desk.organization("Twice Ltd")
    first = pushed(desk, {"name": "A"}, organization=organization)
    second = pushed(desk, {"name": "B"}, organization=organization)
    state = desk.tenant.state()
    rows = {row["externalQuoteNumber"]: row for row in state["Quotes"]}
    company = next(row for row in state["Companies"] if row["companyName"] == "Twice Ltd")
    copy = {name: value for name, value in company.items() if name != "id" and value is not None}
    (other,) = desk.tenant.seed(Companies=[copy])["Companies"]
    moved = rows[str(second.number)]
    desk.tenant.edit("Opportunities", moved["opportunityID"], companyID=other, contactID=None)
    desk.tenant.edit("Quotes", moved["id"], companyID=other, contactID=None)
    lose_links()
    report = look_and_store(desk)
    assert [one for one in report.unclear if "matches several Companies" in one]
    found = links()
    assert not [key for key in found if key[2] == "Companies"]
    assert {key[1] for key in found if key[2] == "Quotes"} == {str(first.id), str(second.id)}


def test_a_limit_says_how_many_are_left(desk: Desk) -> None:
    quotes = [pushed(desk, {"name": f"Thing {number}"}) for number in range(3)]
    lose_links()
    report = rebuild.search(desk.runtime, limit=2)
    assert (report.looked, report.left) == (3, 1)
    assert {one.key.local.id for one in report.found if one.key.entity == "Quotes"} == {
        str(quote.id) for quote in quotes[1:]
    }


def test_without_a_connection_a_sentence_is_raised_and_nothing_stored(desk: Desk) -> None:
    pushed(desk)
    lose_links()
    connection.disconnect(desk.rep)
    with pytest.raises(NotConnected):
        rebuild.search(desk.runtime)
    assert links() == {}


def test_an_accepted_quote_with_its_offer_linked_lacks_nothing(desk: Desk) -> None:
    quote = pushed(desk)
    assert quote.current_revision is not None
    values = {
        "name": "Ann Lee",
        "signature": "Ann Lee",
        "title": "Buyer",
        "terms": "1",
        **samples.shown(quote.current_revision),
    }
    acceptance.accept(quote.public_token, values, [], Evidence())
    assert rebuild.search(desk.runtime).looked == 0
