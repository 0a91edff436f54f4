"""Turning an account off asks who takes its open quotes."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support.visitor import Visitor, errors, text
from tests.web.conftest import Ids
from webapp.models import DiaryEntry, Quote, User, db

PAGE = "/settings/users/2"


def owner(app: Flask, ids: Ids) -> str:
    with app.app_context():
        return db.session.get_one(Quote, ids.quote).owner.email


def test_a_colleague_takes_them(app: Flask, admin: Visitor, ids: Ids) -> None:
    form = admin.form(PAGE, PAGE)
    refused = admin.send(form, {"is_active": False})
    assert refused.status_code == 422
    assert errors(refused) == {"successor_id": "Rob Rep has 1 open quote. Choose who takes them."}
    with app.app_context():
        assert db.session.get_one(User, 2).is_active
    assert admin.send(form, {"is_active": False, "successor_id": "1"}).status_code == 303
    assert owner(app, ids) == "admin@desk.example"
    with app.app_context():
        assert not db.session.get_one(User, 2).is_active
        entry = db.session.scalars(db.select(DiaryEntry).filter_by(action="quote.handed_over")).one()
        assert (entry.object_id, entry.actor) == (str(ids.quote), "admin@desk.example")
    assert "Open quotes go to" not in text(admin.client.get(PAGE))


@pytest.mark.parametrize("chosen", ["", "2", "99", "x"])
def test_only_a_colleague_can(app: Flask, admin: Visitor, ids: Ids, chosen: str) -> None:
    values = dict(admin.form(PAGE, PAGE).fields) | {"successor_id": chosen}
    values.pop("is_active", None)
    answer = admin.client.post(PAGE, data=values)
    assert (answer.status_code, list(errors(answer))) == (422, ["successor_id"])
    assert owner(app, ids) == "rep@desk.example"


def test_without_open_quotes_nothing_is_asked(app: Flask, admin: Visitor, ids: Ids) -> None:
    with app.app_context():
        db.session.get_one(Quote, ids.quote).status = "lost"
        db.session.commit()
    assert admin.send(admin.form(PAGE, PAGE), {"is_active": False}).status_code == 303
    assert owner(app, ids) == "rep@desk.example"
