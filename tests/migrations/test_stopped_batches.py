"""Downgrading the batch tables loses no push: the rest of a stopped batch waits for a person again."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.support import samples
from webapp.models import PushBatch, db
from webapp.models.delivery import DeliveryState
from webapp.services.autotask.push import processing
from webapp.services.delivery import room
from webapp.services.quoting.lifecycle import publishing

pytestmark = pytest.mark.both_databases
BEFORE = "0005"


def test_a_stopped_push_becomes_one_that_waits_for_a_person(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        quote = samples.quote(rep)
        revision = publishing.publish(rep, quote.id).revision
        entry = room.add(processing.delivery(quote, revision, "batch"))
        entry.batch = PushBatch(created_by=rep, stop_after=3)
        entry.state = DeliveryState.STOPPED
        db.session.commit()
        entry_id = entry.id
        db.session.remove()
        downgrade(revision=BEFORE)
        with db.engine.connect() as connection:
            state = connection.execute(
                sa.text("SELECT state FROM outbox_entry WHERE id = :id"), {"id": entry_id}
            ).scalar()
        assert state == "parked"
        with pytest.raises(sa.exc.IntegrityError), db.engine.begin() as connection:
            connection.execute(sa.text("UPDATE outbox_entry SET state = 'stopped'"))
        upgrade()
        with db.engine.begin() as connection:
            connection.execute(sa.text("UPDATE delivery SET state = 'stopped'"))
