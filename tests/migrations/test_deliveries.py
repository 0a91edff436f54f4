"""What earlier versions had in their audit trail and outboxes is in the diary and the deliveries after an upgrade."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.support import samples
from webapp.models import Delivery, DiaryEntry, PushRun, db
from webapp.services.delivery import room
from webapp.services.diary import chain
from webapp.services.quoting.lifecycle import publishing

pytestmark = pytest.mark.both_databases
BEFORE = "0009"
AT = datetime(2026, 11, 1, 12, 30, 15, 123456, UTC)


@pytest.fixture
def earlier(app: Flask) -> dict[str, int]:
    """A database as the version before left it: ids of a quote and its revision."""
    with app.app_context():
        rep = samples.rep()
        quote = samples.quote(rep)
        revision = publishing.publish(rep, quote.id).revision
        ids = {"quote_id": quote.id, "revision_id": revision.id, "actor_id": rep.id}
        db.session.remove()
        downgrade(revision=BEFORE)
        with db.engine.begin() as connection:
            for table in ("audit_event", "outbox_entry"):
                connection.execute(sa.text(f"DELETE FROM {table}"))  # noqa: S608
        return ids


def insert(table: str, **values: Any) -> int:
    """A row in a table that the models don't know any more; returns its id."""
    metadata = sa.MetaData()
    reflected = sa.Table(table, metadata, autoload_with=db.engine)
    with db.engine.begin() as connection:
        result = connection.execute(reflected.insert().values(**values))
        key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


def test_the_audit_trail_becomes_a_chain(app: Flask, earlier: dict[str, int]) -> None:
    with app.app_context():
        event = {
            "at": AT,
            "actor_id": earlier["actor_id"],
            "actor_label": "rep@desk.example",
            "object_id": "7",
        }
        insert("audit_event", action="quote.begun", object_type="quote", detail={"title": "Söndag"}, **event)
        insert("audit_event", action="quote.published", object_type="quote", detail={"revision": 2}, **event)
        upgrade()
        first, second, again = db.session.scalars(db.select(DiaryEntry).order_by(DiaryEntry.id))
        assert (first.id, first.action, first.detail, first.at) == (
            1,
            "quote.created",
            {"title": "Söndag"},
            AT,
        )
        assert (second.action, second.revision, second.detail) == ("quote.published", 2, {})
        assert (again.action, again.detail["entries"], again.detail["broken_at"]) == (
            "audit.chained_again",
            2,
            None,
        )
        assert (chain.check().entries, chain.check().sentence) == (3, "")
        samples.tax_code(samples.admin())
        assert chain.check().sentence == "", "what comes next follows from what was copied"


def test_pushes_and_messages_become_deliveries(app: Flask, earlier: dict[str, int]) -> None:
    times = {"created_at": AT, "updated_at": AT, "not_before": AT}
    of_quote = {name: earlier[name] for name in ("quote_id", "revision_id")}
    with app.app_context():
        pushes = {
            state: insert(
                "outbox_entry",
                reason="published",
                state=state,
                attempt=3,
                last_error="Away.",
                **of_quote,
                **times,
            )
            for state in ("done", "superseded", "parked", "stopped", "running", "waiting")
        }
        run_id = insert(
            "push_run",
            **of_quote,
            outbox_entry_id=pushes["done"],
            token=1,
            state="amber",
            sentence="",
            report={},
            started_at=AT,
        )
        endpoint_id = insert(
            "webhook_endpoint",
            url="https://hooks.example/",
            description="",
            events=["quote.published"],
            secret_encrypted="x",
            previous_secret_encrypted="",
            state="active",
            state_sentence="",
            failures=0,
            created_at=AT,
            updated_at=AT,
        )
        for number, state in enumerate(("delivered", "failed", "waiting")):
            message_id = insert(
                "webhook_delivery",
                uid=f"evt_{number}",
                endpoint_id=endpoint_id,
                quote_id=earlier["quote_id"],
                event="quote.published",
                body='{"a":1}',
                state=state,
                is_asked_for=False,
                attempt=1,
                sentence="",
                **times,
            )
            insert(
                "webhook_attempt",
                delivery_id=message_id,
                at=AT,
                status=200,
                duration_ms=12,
                sentence="",
                response="ok",
            )
        upgrade()
        rows = db.session.scalars(
            db.select(Delivery).filter_by(reader="autotask").order_by(Delivery.id)
        ).all()
        assert {row.state: row.id for row in rows} == pushes
        assert {(row.attempt, row.outcome, row.not_before) for row in rows} == {(3, "Away.", AT)}
        run = db.session.get_one(PushRun, run_id)
        assert (run.state, run.delivery_id) == ("out_of_sync", pushes["done"])
        messages = db.session.scalars(
            db.select(Delivery).filter_by(reader="webhook").order_by(Delivery.id)
        ).all()
        assert [(row.uid, row.state) for row in messages] == [
            ("evt_0", "done"),
            ("evt_1", "parked"),
            ("evt_2", "waiting"),
        ]
        assert {(row.address, row.payload, row.attempts[0].status) for row in messages} == {
            (str(endpoint_id), '{"a":1}', 200)
        }
        new = room.add(room.delivery("mail", "again"))
        db.session.commit()
        assert new.id > messages[-1].id, "the next one gets a number of its own"
        db.session.remove()
        downgrade(revision=BEFORE)
        with db.engine.connect() as connection:
            query = sa.text("SELECT state, count(*) AS number FROM outbox_entry GROUP BY state")
            states: dict[str, int] = {row.state: row.number for row in connection.execute(query)}
            assert states == dict.fromkeys(pushes, 1)
            query = sa.text("SELECT state FROM webhook_delivery ORDER BY uid")
            assert list(connection.scalars(query)) == ["delivered", "failed", "waiting"]
            assert connection.scalar(sa.text("SELECT state FROM push_run")) == "amber"
