"""Writing the diary never waits for a row that somebody holds who waits for the diary. On PostgreSQL alone."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support import samples
from tests.support.waiting import blocked_sessions, wait_for
from webapp.models import Quote, User, db
from webapp.services.diary import chain, diary
from webapp.services.integrations.webhook import endpoints
from webapp.services.quoting.lifecycle import publishing

pytestmark = pytest.mark.postgres


def publish(rep_id: int, quote_id: int) -> None:
    publishing.publish(db.session.get_one(User, rep_id), quote_id)


def end_a_sync(_rep_id: int, quote_id: int) -> None:
    """What a worker writes when a push has stopped: an entry, notifications, mails."""
    diary.write(None, "quote.sync_failed", "quote", quote_id, revision=1, run=None, reason="Away.")
    db.session.commit()


def sign_in(rep_id: int, _quote_id: int) -> None:
    diary.write(db.session.get_one(User, rep_id), "user.signed_in", "user", rep_id)
    db.session.commit()


@pytest.mark.parametrize(
    ("held", "act", "waits"),
    [
        ("SELECT id FROM webhook_endpoint FOR UPDATE", publish, True),
        ("SELECT id FROM quote FOR UPDATE", end_a_sync, True),
        ("SELECT id FROM user_account FOR UPDATE", sign_in, False),
    ],
)
def test_nothing_is_waited_for_with_the_diary_in_hand(
    app: Flask, held: str, act: Callable[[int, int], None], waits: bool
) -> None:
    with app.app_context():
        rep = samples.admin()
        quote: Quote = samples.quote(rep)
        if act is end_a_sync:
            publishing.publish(rep, quote.id)
        runtime = app.extensions["quotewright"]
        endpoints.add(runtime, rep, {"url": "https://hooks.example/"}, ["quote.published"])
        rep_id, quote_id = rep.id, quote.id
        db.session.remove()
        errors: list[BaseException] = []

        def other() -> None:
            with app.app_context():
                try:
                    act(rep_id, quote_id)
                except BaseException as error:  # noqa: BLE001  the test shows it
                    errors.append(error)

        with db.engine.connect() as holder, db.engine.connect() as watcher:
            holder.execute(sa.text(held))
            thread = threading.Thread(target=other)
            thread.start()
            if waits:
                wait_for(lambda: blocked_sessions(watcher), "the other one to wait")
            else:
                thread.join()
            holder.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
            holder.execute(sa.select(sa.func.pg_advisory_xact_lock(chain.LOCK)))
            holder.rollback()
            thread.join()
        assert errors == []
        assert chain.check().sentence == ""
