"""Checking a password is slow on purpose; nobody else waits for it."""

from __future__ import annotations

import sqlite3
from typing import Any, Literal

import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests.support import samples
from tests.support.visitor import Visitor
from tests.web.conftest import Ids
from webapp.models import User, db
from webapp.services.accounts import sessions, users
from webapp.services.accounts.sessions import Device


class Watched(PasswordHasher):
    """Does something while it checks a password."""

    def __init__(self, meanwhile: Any) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.meanwhile = meanwhile

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  argon2's name
        self.meanwhile()
        return super().verify(hash, password)


def test_another_can_write_meanwhile(app: Flask, ids: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        path = db.engine.url.database
    wrote = []

    def write() -> None:
        with sqlite3.connect(str(path), timeout=0) as other:
            other.execute("BEGIN IMMEDIATE")
        wrote.append(True)

    monkeypatch.setattr(users, "_hasher", Watched(write))
    visitor = Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD)
    form = visitor.form("/account/", "password")
    visitor.send(form, {"current": samples.PASSWORD, "password": "another long passphrase"})
    assert len(wrote) == 2


def test_a_password_that_changes_meanwhile_opens_no_session(
    app: Flask, ids: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        rep = db.session.scalars(db.select(User).filter_by(email="rep@desk.example")).one()

        def change() -> None:
            monkeypatch.undo()
            users.set_password(rep, rep, "another long passphrase")

        monkeypatch.setattr(users, "_hasher", Watched(change))
        entered = sessions.sign_in("rep@desk.example", samples.PASSWORD, Device())
        assert entered is not None
        assert sessions.find(entered[1]) is None
