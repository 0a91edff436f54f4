"""The bodies of calls go after the days of the setting; the calls stay."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

import config
from tests.support import samples
from tests.support.settings import environment
from webapp.models import PushCall, PushRun, db, utc_now
from webapp.services.autotask.push import retention


@pytest.mark.both_databases
def test_old_bodies_are_emptied_and_new_ones_kept(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = app.extensions["quotewright"]
    runtime = dataclasses.replace(runtime, config=dataclasses.replace(runtime.config, call_bodies_days=7))
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    with app.app_context():
        revision = samples.published(samples.rep())
        run = PushRun(quote_id=revision.quote_id, revision_id=revision.id, token=1)
        run.calls = [
            PushCall(
                at=utc_now() - timedelta(days=days),
                method="GET",
                path="/Companies",
                status=200,
                duration_ms=5,
                request_body="{}",
                response_body="a whole record",
            )
            for days in (30, 9, 8, 6, 0)
        ]
        db.session.add(run)
        db.session.commit()
        assert [retention.tick(runtime) for _ in range(3)] == [2, 1, 0]
        db.session.expire_all()
        kept = [(call.request_body, call.response_body) for call in run.calls]
        assert kept == [("", "")] * 3 + [("{}", "a whole record")] * 2


def test_with_nothing_to_empty_no_writer_waits(app: Flask) -> None:
    runtime = app.extensions["quotewright"]
    begun: list[str] = []
    with app.app_context():

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            begun.append(statement)

        sa.event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert retention.tick(runtime) == 0
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", note)
    assert [statement.split()[0] for statement in begun] == ["BEGIN", "SELECT"]
    assert "BEGIN IMMEDIATE" not in begun


@pytest.mark.both_databases
def test_old_bodies_are_found_without_reading_the_log(app: Flask) -> None:
    with app.app_context():
        before = utc_now()
        query = retention.old_calls(before).compile(db.engine, compile_kwargs={"literal_binds": True})
        if db.engine.dialect.name == "postgresql":
            # An empty table is read whole whatever the indexes, unless that is turned off.
            db.session.execute(sa.text("SET LOCAL enable_seqscan = off"))
            explain = "EXPLAIN "
        else:
            explain = "EXPLAIN QUERY PLAN "
        plan = " ".join(str(row) for row in db.session.execute(sa.text(f"{explain}{query}")))
    assert "ix_push_call_at_with_body" in plan


@pytest.mark.parametrize("days", ["0", "-1", "x", "3651", "1.5", "99999999"])
def test_the_setting_is_a_number_of_days(days: str) -> None:
    with pytest.raises(config.ConfigError, match="CALL_BODIES_DAYS"):
        config.load(environment(CALL_BODIES_DAYS=days))
