"""Whether the installation can work, told to whoever asks: by name, and never with a bare 500."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from redis import Redis
from rq import Worker
from sqlalchemy.exc import DBAPIError

import config
from tests.support import samples
from tests.support.settings import environment
from tests.support.visitor import Visitor
from webapp import create_app
from webapp.models import Category, Delivery, db, utc_now
from webapp.services.core import outage, work
from webapp.services.core.queues import of as queue_of
from webapp.services.operating import readiness

AWAY = "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=2"


@pytest.fixture
def away() -> Flask:
    """An application whose database isn't there, as in production: no exception is passed on."""
    application = create_app(config.load(environment(DATABASE_URL=AWAY)))
    application.config["PROPAGATE_EXCEPTIONS"] = False
    return application


def checks(app: Flask, query: str = "") -> tuple[int, dict[str, str]]:
    answer = app.test_client().get(f"/readyz{query}")
    assert answer.json is not None
    return answer.status_code, answer.json["checks"]


@pytest.fixture
def beating(app: Flask, redis_url: str) -> Worker:
    """A worker that says it lives, as RQ's do, without doing jobs."""
    redis: Redis = app.extensions["quotewright"].redis
    worker = Worker([queue_of(redis, "autotask")], connection=redis)
    worker.register_birth()
    return worker


@pytest.mark.both_databases
def test_all_is_well(app: Flask, beating: Worker) -> None:
    status, found = checks(app)
    assert (status, set(found.values())) == (200, {"ok"})
    assert set(found) == {"database", "migrations", "redis", "workers", "outbox", "maintenance"}


def test_a_worker_that_fell_silent_is_named(app: Flask, beating: Worker) -> None:
    redis: Redis = app.extensions["quotewright"].redis
    then = utc_now() - timedelta(minutes=7)
    redis.hset(beating.key, "last_heartbeat", then.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    status, found = checks(app)
    assert status == 503
    assert found["workers"].startswith("No worker has reported for 42")
    beating.register_death()
    assert checks(app)[1]["workers"].startswith("No worker runs")


def test_without_redis_pages_are_still_shown(app: Flask) -> None:
    status, found = checks(app)
    assert (status, found["database"]) == (503, "ok")
    assert found["redis"].startswith("Redis doesn't respond, so pushes and mail wait.")
    assert checks(app, "?for=web") == (200, {"database": "ok", "migrations": "ok"})


def test_tables_of_another_version_are_named(app: Flask) -> None:
    with app.app_context():
        db.session.execute(db.text("UPDATE alembic_version SET version_num = '0001'"))
        db.session.commit()
    status, found = checks(app, "?for=web")
    assert (status, found["migrations"]) == (
        503,
        "The tables don't match this version. Run flask db upgrade, or start the version that they belong to.",
    )


def test_what_waits_too_long_is_named(app: Flask, beating: Worker) -> None:
    with app.app_context():
        rep = samples.rep()
        quote = samples.quote(rep)
        waiting = Delivery(reader="mail", reason="asked", quote_id=quote.id, address="1")
        waiting.not_before = utc_now() - timedelta(minutes=9)
        db.session.add(waiting)
        db.session.commit()
        assert readiness.outbox_age(utc_now()) >= timedelta(minutes=9)
    status, found = checks(app)
    assert status == 503
    assert found["outbox"] == "Something has waited 9 minutes to be sent. Look at Activity > Deliveries."


def test_without_a_database_every_page_says_so_in_one_line(
    away: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    client = away.test_client()
    assert client.get("/livez").text == "ok"
    assert client.get("/healthz").status_code == 503
    status, found = checks(away)
    assert (status, found["database"]) == (
        503,
        "The database doesn't respond. Start it, or fix DATABASE_URL.",
    )
    for address in ("/login", "/q/some-token-of-a-customer-link-000", "/"):
        caplog.clear()
        answer = client.get(address)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert "Back in a minute" in answer.text
        assert "reach its database" in answer.text
        (logged,) = caplog.records
        assert "database.unavailable" in logged.getMessage()
        assert logged.exc_info is None


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "htmx"])
def test_who_is_signed_in_reads_the_same(app: Flask, tmp_path: Path, headers: dict[str, str]) -> None:
    app.testing, app.config["PROPAGATE_EXCEPTIONS"] = False, False
    with app.app_context():
        samples.rep()
        db.session.commit()
    rep = Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    (tmp_path / "quotewright.db").unlink()
    (tmp_path / "quotewright.db").mkdir()
    answer = rep.client.get("/quotes/new", headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "reach its database" in answer.text


def test_a_form_that_comes_meanwhile_is_answered_alike(away: Flask) -> None:
    answer = away.test_client().post("/q/some-token/accept", headers={"HX-Request": "true"})
    assert answer.status_code in (400, 503)
    assert "Traceback" not in answer.text


def test_the_answer_is_json_that_names_no_secret(app: Flask) -> None:
    said = json.dumps(app.test_client().get("/readyz").json)
    assert "://" not in said


@pytest.mark.postgres
def test_a_database_without_tables_is_named(postgres_url: str, tmp_path: Path) -> None:
    """By the page and by the commands, and never with a traceback."""
    app = create_app(config.load(environment(DATABASE_URL=postgres_url)))
    status, found = checks(app, "?for=web")
    assert (status, found["migrations"]) == (
        503,
        "The tables can't be read: there are none, or this role may not. Run flask db upgrade as their owner.",
    )
    said = app.test_cli_runner().invoke(args=["backup", str(tmp_path / "now.zip")])
    assert said.exit_code == 1
    assert said.output.startswith("Error: No backup was written. The tables can't be read")
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def failed(orig: Exception) -> DBAPIError:
    return DBAPIError("SELECT 1", {}, orig)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (failed(sqlite3.OperationalError("database is locked")), outage.BUSY),
        (failed(sqlite3.OperationalError("database or disk is full")), outage.FULL),
        (failed(sqlite3.OperationalError("attempt to write a readonly database")), outage.FULL),
        (failed(sqlite3.OperationalError("unable to open database file")), outage.AWAY),
        (failed(sqlite3.OperationalError('near "SELEC": syntax error')), ""),
        (failed(psycopg.OperationalError("connection refused")), outage.AWAY),
        (failed(psycopg.errors.AdminShutdown("terminating")), outage.AWAY),
        (failed(psycopg.errors.DiskFull("No space left on device")), outage.FULL),
        (failed(psycopg.errors.LockNotAvailable("lock timeout")), outage.BUSY),
        (failed(psycopg.errors.UndefinedTable("no such table")), ""),
        (TimeoutError("something else"), ""),
    ],
)
def test_only_an_outage_is_called_one(error: Exception, sentence: str) -> None:
    assert outage.sentence(error) == sentence


@work.command
def _break_in_commit() -> None:
    db.session.add(Category(name="Perhaps"))
    db.session.flush()
    mine = db.session.scalar(db.text("SELECT pg_backend_pid()"))
    with db.engine.connect() as other:
        other.execute(db.text("SELECT pg_terminate_backend(:mine)"), {"mine": mine})


@pytest.mark.postgres
def test_after_a_commit_whose_answer_was_lost_nothing_is_claimed(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(DBAPIError) as broke:
            _break_in_commit()
        assert outage.sentence(broke.value) == outage.IN_DOUBT
