"""Disconnecting, connecting again, a new secret, another zone: nothing is lost, and pushes wait and say why."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support.connected_desk import Desk, newest_entry
from tests.support.sandbox import Tenant
from tests.support.visitor import PAGE, Visitor, text
from webapp.models import Delivery, Link, Quote, db
from webapp.models.delivery import DeliveryState
from webapp.services.autotask.api.errors import ConnectionRefused, NotConnected
from webapp.services.autotask.connection import connection, metadata, stored_lists
from webapp.services.autotask.settings import store as settings_store
from webapp.services.delivery import attempt


def publish_and_push(desk: Desk, quote: Quote) -> Delivery:
    """Publish, and do what a worker does; returns the entry."""
    desk.publish(quote)
    attempt.perform(desk.runtime, newest_entry(quote.id).id, early=True)
    entry = newest_entry(quote.id)
    db.session.refresh(entry)
    return entry


def connect(desk: Desk, secret: str) -> None:
    tenant = desk.tenant
    connection.connect(
        desk.runtime, user_name=tenant.user, secret=secret, integration_code=tenant.code, actor=desk.rep
    )


def links() -> set[tuple[str, str, int]]:
    return {
        (link.local_type, link.remote_entity, link.remote_id) for link in db.session.scalars(db.select(Link))
    }


def test_disconnected_pushes_wait_and_go_on_with_the_same_records(desk: Desk) -> None:
    quote = desk.quote({"name": "A"})
    assert desk.push(quote).state == "synced"
    before, version = links(), settings_store.active().version
    connection.disconnect(desk.rep)
    stored = connection.load()
    assert stored is not None
    assert (stored.secret_encrypted, stored.code_encrypted) == ("", "")

    quote.title = "New title"
    db.session.commit()
    entry = publish_and_push(desk, quote)
    assert entry.state == DeliveryState.WAITING
    assert "An admin disconnected Autotask. Syncs wait until it's connected again." in entry.outcome
    assert settings_store.active().version == version
    with pytest.raises(NotConnected):
        connection.check_again(desk.runtime, desk.rep)

    connect(desk, desk.tenant.secret)
    assert desk.process(quote).state == "synced"
    assert links() >= before
    quotes = [row for row in desk.tenant.state()["Quotes"] if row["externalQuoteNumber"] == str(quote.number)]
    assert [row["name"] for row in quotes] == [f"{quote.number} New title"]


def test_a_rotated_secret_stops_all_pushes_until_it_is_entered(desk: Desk) -> None:
    desk.tenant.change(secret="rotated in Autotask")
    quote, other = desk.quote({"name": "A"}), desk.quote({"name": "B"})
    entry = publish_and_push(desk, quote)
    assert (entry.state, "no longer accepts the API user's credentials" in entry.outcome) == (
        DeliveryState.WAITING,
        True,
    )
    stored = connection.load()
    assert stored is not None
    assert stored.state == connection.REJECTED
    calls = len(desk.tenant.calls())
    assert "no longer accepts" in publish_and_push(desk, other).outcome
    assert len(desk.tenant.calls()) == calls, "nobody knocks with a key that does not fit"

    with pytest.raises(ConnectionRefused):
        connection.check_again(desk.runtime, desk.rep)
    with pytest.raises(ConnectionRefused):
        connect(desk, "wrong again")
    assert stored.state == connection.REJECTED
    connect(desk, "rotated in Autotask")
    assert [desk.process(one).state for one in (quote, other)] == ["synced", "synced"]


def test_what_was_mended_in_autotask_needs_no_secret_typed_again(desk: Desk) -> None:
    desk.tenant.change(secret="locked")
    quote = desk.quote({"name": "A"})
    publish_and_push(desk, quote)
    desk.tenant.change(secret=desk.tenant.secret)
    assert connection.check_again(desk.runtime, desk.rep).state == connection.CONNECTED
    assert desk.process(quote).state == "synced"


def test_another_zone_is_found_and_the_links_stay(desk: Desk) -> None:
    quote = desk.quote({"name": "A"})
    assert desk.push(quote).state == "synced"
    before, zone = links(), connection.load().zone_url  # type: ignore[union-attr]
    connection.load().zone_url = "http://127.0.0.1:9/moved/"  # type: ignore[union-attr]
    quote.title = "After the move"
    db.session.commit()
    entry = publish_and_push(desk, quote)
    assert (entry.state, "can't be reached" in entry.outcome or "broke" in entry.outcome) == (
        DeliveryState.WAITING,
        True,
    )

    assert connection.check_again(desk.runtime, desk.rep).zone_url == zone
    assert desk.process(quote).state == "synced"
    assert links() >= before
    opportunities = [row["title"] for row in desk.tenant.state()["Opportunities"]]
    assert len(opportunities) == len(set(opportunities)), "nothing was made twice"


def test_lists_serve_after_connecting_anew_until_they_were_read(desk: Desk) -> None:
    stored_lists.refresh(desk.runtime)
    names = [choice.label for choice in metadata.reference(desk.runtime, "Roles")]
    connect(desk, desk.tenant.secret)
    assert stored_lists.unread() == []
    assert stored_lists.fetched_at() is None
    desk.tenant.add_fault(kind="503", times=1000)
    assert [choice.label for choice in metadata.reference(desk.runtime, "Roles")] == names


def test_the_page_tells_of_rejected_credentials_and_of_waiting_pushes(
    app: Flask, connected: Tenant, admin: Visitor
) -> None:
    admin.save_all()
    connected.change(secret="rotated in Autotask")
    assert "no longer accepts the API user's credentials" in text(admin.client.get(f"{PAGE}/prerequisites"))
    page = text(admin.client.get(PAGE))
    assert "Settings and links are kept." in page
    assert "Try stored credentials again" in page
    answer = admin.send(admin.form(PAGE, "check-again"))
    assert answer.status_code == 303
    assert "Still not working. Autotask wasn't connected. Nothing was stored." in text(admin.client.get(PAGE))
    assert admin.send(admin.section("opportunity"), {"probability": "15"}).status_code == 303
    connected.change(secret=connected.secret)
    admin.send(admin.form(PAGE, "check-again"))
    assert "Waiting syncs resume." in text(admin.client.get(PAGE))
    with app.app_context():
        assert connection.is_connected()


def test_missing_rights_are_named_by_entity(connected: Tenant, admin: Visitor) -> None:
    connected.change(
        permissions={"Quotes": ["query"], "QuoteItems": ["query", "create", "update"], "Taxes": []}
    )
    told = text(admin.client.get(f"{PAGE}/prerequisites"))
    assert "Quotes: can't create, update." in told
    assert "QuoteItems: can't delete." in told
    assert "Taxes: can't read." in told
    assert "Companies:" not in told


def test_rights_are_listed_entity_by_entity(connected: Tenant, admin: Visitor) -> None:
    connected.change(permissions={"QuoteItems": ["query", "create", "update"]})
    told = text(admin.client.get(f"{PAGE}/prerequisites"))
    assert "Companies yes yes yes – not needed" in told
    assert "QuoteItems yes yes yes no" in told
    assert "Roles yes – not needed – not needed – not needed" in told
    assert "Integration vendor. Autotask accepts the integration code" in told


@pytest.mark.parametrize(
    ("calls", "mark", "sentence"),
    [
        (0, "Good", "of 10,000 calls are left this hour"),
        (5000, "Attention", "Autotask now delays each call by about half a second."),
        (7500, "Attention", "Autotask now delays each call by about a second."),
    ],
)
def test_the_threshold_is_told(
    connected: Tenant, admin: Visitor, calls: int, mark: str, sentence: str
) -> None:
    connected._ask("POST", "/usage", {"calls": calls})
    told = text(admin.client.get(f"{PAGE}/prerequisites"))
    assert sentence in told
    assert f"{mark} API threshold." in told


@pytest.mark.parametrize("kind", ["503", "html", "cut_before", "truncated"])
def test_prerequisites_survive_whatever_answers(connected: Tenant, admin: Visitor, kind: str) -> None:
    connected.add_fault(kind=kind, times=1000)
    answer = admin.client.get(f"{PAGE}/prerequisites")
    assert answer.status_code == 200
    assert "Attention API permissions. We couldn't check the permissions just now." in text(answer)
