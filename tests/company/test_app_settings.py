"""Settings of the company: a page asks for some a hundred times, and a transaction reads them once, together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import event

from tests.support import samples
from webapp.models import User, db
from webapp.services.company import app_settings
from webapp.services.core import work


@contextmanager
def reads() -> Iterator[list[str]]:
    """The statements that read the settings meanwhile."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM app_setting" in statement:
            found.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_a_transaction_reads_them_once(app: Flask) -> None:
    with app.app_context(), reads() as found:
        for _ in range(3):
            for key in app_settings.DEFAULTS:
                app_settings.get(key)
        assert len(found) == 1
        db.session.commit()
        app_settings.get(app_settings.ACCESS)
        assert len(found) == 2


def test_what_was_just_stored_is_read(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        with work.unit():
            assert app_settings.get(app_settings.REQUIRED_FIELDS)[1] == 0
            app_settings.put(app_settings.REQUIRED_FIELDS, {"fields": ["email"]}, 0, rep)
            assert app_settings.get(app_settings.REQUIRED_FIELDS) == ({"fields": ["email"]}, 1)
        assert app_settings.get(app_settings.REQUIRED_FIELDS) == ({"fields": ["email"]}, 1)


@work.command
def put_and_fail(rep: User, version: int) -> None:
    app_settings.put(app_settings.REQUIRED_FIELDS, {"fields": ["email"]}, version, rep)
    assert app_settings.get(app_settings.REQUIRED_FIELDS)[0] == {"fields": ["email"]}
    raise ZeroDivisionError


@pytest.mark.parametrize("is_first", [True, False])
def test_what_a_savepoint_took_back_is_not_read(app: Flask, is_first: bool) -> None:
    with app.app_context():
        rep = samples.rep()
        if not is_first:
            app_settings.put(app_settings.REQUIRED_FIELDS, {"fields": ["phone"]}, 0, rep)
        with work.unit():
            before = app_settings.get(app_settings.REQUIRED_FIELDS)
            with pytest.raises(ZeroDivisionError):
                put_and_fail(rep, before[1])
            assert app_settings.get(app_settings.REQUIRED_FIELDS) == before
