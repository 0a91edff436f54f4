"""The quote's page says which revision Autotask has, whatever the newest push is doing."""

from __future__ import annotations

from tests.push.faults import recover
from tests.support.connected_desk import Desk, newest_entry
from tests.support.visitor import Visitor, text
from webapp.models import Quote, db
from webapp.services.autotask.activity import held
from webapp.services.delivery import attempt


def rename(quote: Quote, title: str) -> None:
    quote.title = title
    db.session.commit()


def test_it_is_the_last_complete_one_until_the_next_is_complete(desk: Desk, desk_admin: Visitor) -> None:
    quote = desk.quote({"name": "Rack"})
    assert held.of_quote(quote).sentence == ""
    assert desk.push(quote).state == "synced"
    assert held.of_quote(quote).sentence == "Autotask has revision 1."
    rename(quote, "Another title")
    desk.publish(quote)
    assert held.of_quote(quote).sentence == "Autotask has revision 1.", "nobody has begun to push the second"
    panel = text(desk_admin.client.get(f"/activity/quotes/{quote.id}"))
    assert "Autotask has revision 1." in panel
    desk.tenant.add_fault(kind="503", entity="Quotes", verb="update", times=0)
    attempt.perform(desk.runtime, newest_entry(quote.id).id)
    assert held.of_quote(quote).sentence == "Autotask has revision 1 and a part of revision 2."
    recover(desk, quote.id)
    assert held.of_quote(quote).sentence == "Autotask has revision 2."


def test_a_first_push_that_broke_off_may_have_left_a_part(desk: Desk) -> None:
    quote = desk.quote({"name": "Rack"})
    desk.publish(quote)
    desk.tenant.add_fault(kind="503", entity="QuoteItems", verb="create", times=0)
    attempt.perform(desk.runtime, newest_entry(quote.id).id)
    assert held.of_quote(quote).sentence == "Autotask may have a part of revision 1."
