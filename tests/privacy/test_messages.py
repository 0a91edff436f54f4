"""No message to a webhook names a user who was made anonymous: not on others' quotes, waiting, sent, or to come."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from tests.support import samples
from webapp.models import Delivery, User, db
from webapp.models.delivery import DeliveryState
from webapp.models.quote import LOST, PENDING
from webapp.services.accounts import users
from webapp.services.core.errors import Invalid
from webapp.services.integrations.webhook import endpoints, log, payload
from webapp.services.privacy import anonymizing
from webapp.services.quoting.lifecycle import publishing, transitions

HOOK = {"url": "https://hooks.example/x", "description": ""}


def signed() -> list[str]:
    """Who did it, of every stored message."""
    db.session.expire_all()
    rows = db.session.scalars(db.select(Delivery).filter_by(reader="webhook").order_by(Delivery.id))
    return [json.loads(row.payload)["by"] for row in rows]


@pytest.fixture
def desk(app: Flask) -> tuple[int, int, int]:
    """Ids of an admin, of one who acted on a rep's quote and left, and of that quote. Run in ``app``'s context."""
    with app.app_context():
        admin, rep = samples.admin(), samples.rep()
        endpoints.add(app.extensions["quotewright"], admin, HOOK, payload.EVENTS)
        # One word: in a text it could be anything, but not alone as who did it.
        leaver = users.create_user(
            None, email="zeb@canary.example", name="Quandaryx", password=samples.PASSWORD, role="admin"
        )
        quote = samples.quote(rep)
        publishing.publish(leaver, quote.id)
        transitions.advance(leaver, quote.id, LOST, reason="no")
        transitions.advance(rep, quote.id, PENDING)
        log.send_test(leaver, 1)
        log.send_test(admin, 1)
        users.update_user(admin, leaver, name="Quandaryx", role="admin", is_active=False, successor_id=rep.id)
        return admin.id, leaver.id, quote.id


@pytest.mark.both_databases
def test_what_they_did_on_others_quotes_is_the_former_users(app: Flask, desk: tuple[int, int, int]) -> None:
    admin_id, leaver_id, _ = desk
    alias = f"Former user {leaver_id}"
    with app.app_context():
        before = signed()
        assert set(before) == {"Quandaryx", "Rob Rep", "Ada Admin"}
        sent = db.session.scalars(
            db.select(Delivery).filter_by(reader="webhook", reason="quote.published")
        ).one()
        sent.state, sent_id = DeliveryState.DONE, sent.id
        db.session.commit()
        anonymizing.user(db.session.get_one(User, admin_id), leaver_id)
        after = signed()
        assert after == [alias if by == "Quandaryx" else by for by in before]
        again = log.send_again(db.session.get_one(User, admin_id), sent_id)
        assert json.loads(again.payload)["by"] == alias
        assert "Quandaryx" not in "".join(row.payload for row in db.session.scalars(db.select(Delivery)))


@pytest.mark.both_databases
def test_one_that_is_being_sent_is_waited_for(app: Flask, desk: tuple[int, int, int]) -> None:
    admin_id, leaver_id, _ = desk
    with app.app_context():
        rows = db.session.scalars(db.select(Delivery).filter_by(reader="webhook"))
        theirs = next(row for row in rows if json.loads(row.payload)["by"] == "Quandaryx")
        theirs.state = DeliveryState.RUNNING
        db.session.commit()
        with pytest.raises(Invalid, match="is being sent"):
            anonymizing.user(db.session.get_one(User, admin_id), leaver_id)
        db.session.rollback()
        assert db.session.get_one(User, leaver_id).name == "Quandaryx"
