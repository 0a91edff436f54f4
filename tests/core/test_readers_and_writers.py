"""On SQLite a page that only reads keeps nobody from writing, and what it writes after all is never lost."""

from __future__ import annotations

import sqlite3
import time
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support import samples
from webapp.models import TaxCode, User, db, utc_now
from webapp.services.catalog import tax_codes
from webapp.services.core import clock, work


def other_process(app: Flask) -> sqlite3.Connection:
    """A connection that doesn't wait for locks."""
    path = app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")
    assert Path(path).exists()
    return sqlite3.connect(path, timeout=0, isolation_level=None)


def rename(writer: sqlite3.Connection, name: str) -> None:
    writer.execute("UPDATE user_account SET name = ?", (name,))


def test_a_slow_page_keeps_nobody_from_writing(app: Flask) -> None:
    with app.app_context():
        samples.rep()
        db.session.remove()
        writer = other_process(app)
        with work.reading():
            assert db.session.scalar(db.select(User.name)) == "Rob Rep"
            rename(writer, "Renamed")
            assert db.session.scalar(db.select(User.name)) == "Rob Rep", "it reads one state of the database"
        db.session.remove()
        db.session.scalar(db.select(User.name))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            rename(writer, "Refused")
        writer.close()


def test_a_command_in_a_page_that_reads_sees_what_was_written_meanwhile(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        code = samples.tax_code(rep)
        writer = other_process(app)
        with work.reading():
            assert db.session.get_one(TaxCode, code.id).name == "Sales tax"
            rename(writer, "Renamed")
            tax_codes.save(rep, code, {"name": "Sales tax 7", "rate": "7", "is_active": "1"})
            assert (code.name, rep.name) == ("Sales tax 7", "Renamed")
        writer.close()


def test_a_get_request_takes_no_lock(app: Flask) -> None:
    begun: list[str] = []
    with app.app_context():
        samples.rep()
        sa.event.listen(db.engine, "before_cursor_execute", lambda *args: begun.append(args[2]))
        client = app.test_client()
        client.get("/login")
    assert "BEGIN" in begun
    assert "BEGIN IMMEDIATE" not in begun


@pytest.mark.both_databases
def test_the_clock_is_the_databases(app: Flask) -> None:
    with app.app_context():
        first = clock.now()
        assert first.tzinfo is not None
        assert abs(first - utc_now()) < timedelta(seconds=10)
        with db.engine.connect() as connection:
            second = clock.now(connection)
        time.sleep(0.001)
        assert first <= second <= clock.now()
