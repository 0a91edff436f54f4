"""The link of a lost quote says that the offer ended, and shows no price."""

from __future__ import annotations

from flask import Flask

from tests.support import samples
from tests.support.visitor import text
from webapp.models import User, db
from webapp.models.quote import LOST, PENDING
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.draft import editing
from webapp.services.quoting.lifecycle import publishing, transitions


def lost(app: Flask, *, accepted: bool = False) -> tuple[int, str]:
    with app.app_context():
        rep = samples.rep()
        quote = samples.quote(rep, {"name": "Rack", "unit_price": "4321"})
        publishing.publish(rep, quote.id)
        if accepted:
            acceptance.record_for_customer(rep, quote.id, {"name": "Ann Lee"})
        transitions.advance(rep, quote.id, LOST, reason="Price")
        return quote.id, f"/q/{quote.public_token}"


def test_a_lost_offer_is_withdrawn_until_it_is_reopened(app: Flask) -> None:
    quote_id, page = lost(app)
    client = app.test_client()
    shown = client.get(page)
    assert shown.status_code == 200
    assert "declined or withdrawn" in text(shown)
    for secret in ("4,321", "Rack", "Customer Ltd"):
        assert secret not in shown.text
    assert client.get(f"{page}/quote.pdf").status_code == 404
    htmx = client.get(page, headers={"HX-Request": "true"})
    assert "4,321" not in htmx.text
    with app.app_context():
        transitions.advance(db.session.get_one(User, 1), quote_id, PENDING)
        assert not acceptance.is_withdrawn(editing.get(quote_id))
    assert "4,321" in client.get(page).text


def test_a_contract_that_was_cancelled_stays_readable(app: Flask) -> None:
    _, page = lost(app, accepted=True)
    client = app.test_client()
    assert "4,321" in client.get(page).text
    assert client.get(f"{page}/quote.pdf").status_code == 200
