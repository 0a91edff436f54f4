"""Which messages follow from what happens to a quote, and what they say."""

from __future__ import annotations

import pytest

from tests.support import samples
from tests.webhooks.office import Office, deliveries, names, only
from webapp.models import Quote, db
from webapp.services.core import work
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.quoting.answer import acceptance, viewing
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.lifecycle import publishing, transitions

pytestmark = pytest.mark.both_databases

ANSWER = {"name": "Ann Lee", "title": "Buyer", "signature": "Ann Lee", "terms": "y"}


def hash_of(quote: Quote) -> str:
    revision = quote.current_revision
    assert revision is not None
    return revision.content_sha256


def accept(quote: Quote) -> None:
    assert quote.current_revision is not None
    values = {**ANSWER, **samples.shown(quote.current_revision)}
    acceptance.accept(quote.public_token, values, [], Evidence())


def test_publishing_writes_the_message_with_it(office: Office) -> None:
    office.add()
    quote = office.publish()
    delivery = only()
    assert (delivery.reason, delivery.quote_id, delivery.state) == ("quote.published", quote.id, "waiting")
    # Nothing was sent yet, and neither Redis nor the receiver was needed.
    assert office.receiver.got == []


def test_what_a_message_says(office: Office) -> None:
    office.add("quote.published")
    lines = (
        {"name": "Rack", "unit_price": "100.10", "quantity": "3"},
        {"name": "Backup", "unit_price": "19.99", "recurrence": "monthly"},
    )
    quote = office.publish(samples.quote(office.rep, *lines))
    office.send_due()
    (got,) = office.receiver.got
    content = got.content
    assert content["event"] == got.headers["Quotewright-Event"] == "quote.published"
    assert content["id"] == got.headers["Quotewright-Delivery"] == only().uid
    assert content["by"] == "Rob Rep"
    told = content["quote"]
    assert (told["id"], told["number"], told["revision"]) == (quote.id, quote.number, 1)
    assert (told["status"], told["sha256"]) == ("pending", hash_of(quote))
    assert told["organization"]["name"] == "Customer Ltd"
    assert told["contact"] == {"id": quote.person_id, "name": "Ann Lee", "email": "ann@customer.example"}
    assert told["totals"]["one_time"]["total"] == "300.30"
    assert told["totals"]["monthly"] == {
        "net": "19.99",
        "tax": "0.00",
        "shipping": "0.00",
        "total": "19.99",
    }


def test_the_link_that_accepts_is_not_told(office: Office) -> None:
    office.add()
    quote = office.publish()
    viewing.note_viewed(quote)
    accept(quote)
    assert len(deliveries()) == 4
    assert all(quote.public_token not in delivery.payload for delivery in deliveries())


def test_a_refused_publishing_tells_nobody(office: Office) -> None:
    office.add()
    empty = samples.quote(office.rep)
    for line in list(empty.lines):
        empty.lines.remove(line)
    db.session.commit()
    with pytest.raises(Invalid):
        publishing.publish(office.rep, empty.id)
    assert deliveries() == []


@work.command
def lose_and_fail(office: Office, quote: Quote) -> None:
    transitions.advance(office.rep, quote.id, "lost", reason="No budget")
    raise Conflict


def test_what_is_rolled_back_is_not_told(office: Office) -> None:
    office.add()
    quote = office.publish()
    with pytest.raises(Conflict):
        lose_and_fail(office, quote)
    assert names() == ["quote.published"]
    transitions.advance(office.rep, quote.id, "lost", reason="No budget")
    assert names() == ["quote.published", "quote.lost", "quote.status_changed"]


def test_the_life_of_a_quote(office: Office) -> None:
    office.add()
    quote = office.publish()
    publishing.publish(office.rep, quote.id)  # nothing changed, so nothing is told
    for _ in range(2):
        viewing.note_viewed(quote)
    accept(quote)
    for status in ("ordered", "fulfilled"):
        transitions.advance(office.rep, quote.id, status)
    assert names() == [
        "quote.published",
        "quote.viewed",
        "quote.accepted",
        *["quote.status_changed"] * 3,
    ]
    office.send_due()
    told = [
        (got.content["quote"]["previous_status"], got.content["quote"]["status"])
        for got in office.receiver.got
    ]
    assert told == [
        ("pending", "pending"),
        ("pending", "pending"),
        ("pending", "accepted"),
        ("pending", "accepted"),
        ("accepted", "ordered"),
        ("ordered", "fulfilled"),
    ]
    assert [got.content["by"] for got in office.receiver.got] == [
        "Rob Rep",
        "Ann Lee",
        "Ann Lee",
        "Ann Lee",
        "Rob Rep",
        "Rob Rep",
    ]


def test_declined_and_opened_again(office: Office) -> None:
    office.add("quote.lost", "quote.status_changed")
    quote = office.publish()
    acceptance.decline(quote.public_token, {"reason": "Too dear", "sha256": hash_of(quote)})
    transitions.advance(office.rep, quote.id, "pending")
    assert names() == ["quote.lost", "quote.status_changed", "quote.status_changed"]
    office.send_due()
    lost, _, reopened = (got.content for got in office.receiver.got)
    assert (lost["by"], lost["quote"]["lost_reason"]) == ("Ann Lee", "Too dear")
    assert (reopened["by"], reopened["quote"]["status"]) == ("Rob Rep", "pending")


def test_only_chosen_events(office: Office) -> None:
    office.add("quote.accepted")
    quote = office.publish()
    viewing.note_viewed(quote)
    acceptance.record_for_customer(office.rep, quote.id, {"name": "Ann Lee"})
    assert names() == ["quote.accepted"]


def test_without_an_endpoint_nothing_is_kept(office: Office) -> None:
    accept(office.publish())
    assert deliveries() == []
