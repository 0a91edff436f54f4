"""The diary says from which session and address something was done, and reading a page sets no cookie for it."""

from __future__ import annotations

from flask import Flask

from smoke.forms import read_forms
from tests.support import samples
from tests.support.visitor import Visitor
from webapp.models import DiaryEntry, db

NEW = "/items/categories/new"


def test_two_sessions_of_one_person_are_told_apart(app: Flask) -> None:
    with app.app_context():
        samples.admin()
    for name in ("First", "Second"):
        visitor = Visitor(app.test_client()).sign_in("admin@desk.example", samples.PASSWORD)
        form = read_forms(visitor.client.get(NEW).text)[-1]
        assert visitor.client.post(NEW, data=dict(form.fill({"name": name}))).status_code == 303
    with app.app_context():
        query = db.select(DiaryEntry).filter(DiaryEntry.action.in_(("user.signed_in", "category.created")))
        entries = db.session.scalars(query.order_by(DiaryEntry.id)).all()
        sessions = [entry.session for entry in entries]
        assert [entry.action for entry in entries] == ["user.signed_in", "category.created"] * 2
        assert sessions[0] == sessions[1] != sessions[2] == sessions[3]
        assert all(len(session) == 16 for session in sessions)
        assert {entry.address for entry in entries} == {"127.0.0.1"}


def test_reading_sets_no_cookie_of_its_own(app: Flask) -> None:
    with app.app_context():
        samples.admin()
    client = app.test_client()
    for address in ("/favicon.ico", "/login", "/healthz"):
        client.get(address)
    with client.session_transaction() as session:
        assert "sid" not in session
