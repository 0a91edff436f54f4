"""Turning an account off asks who takes its open quotes."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from tests.support import samples
from tests.support.visitor import Visitor, errors, text
from tests.web.conftest import Ids
from webapp.models import DiaryEntry, Quote, User, db, utc_now
from webapp.services.quoting.draft import lines
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.revisions import freezing, snapshot

PAGE, OVER = "/settings/users/2", "/quotes/hand-over"


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


def test_a_published_quote_is_not_changed_by_it(app: Flask, admin: Visitor, ids: Ids) -> None:
    with app.app_context():
        publishing.publish(db.session.get_one(User, 2), ids.quote)
    sent = admin.send(admin.form(PAGE, PAGE), {"is_active": False, "successor_id": "1"})
    assert sent.status_code == 303
    with app.app_context():
        quote, colleague = db.session.get_one(Quote, ids.quote), db.session.get_one(User, 1)
        revision = quote.current_revision
        assert revision
        assert not freezing.has_changes(quote, revision)
        assert not publishing.publish(colleague, quote.id).is_new
        lines.add_ad_hoc(colleague, quote.id, {"name": "Rack", "unit_price": "20"})
        frozen = snapshot.parse(publishing.publish(colleague, quote.id).revision.content)
        assert (frozen.owner_name, frozen.owner_email) == ("Ada Admin", "admin@desk.example")


@pytest.mark.parametrize("status", ["pending", "expired", "lost", "accepted"])
def test_the_customer_is_sent_to_the_colleague(app: Flask, admin: Visitor, ids: Ids, status: str) -> None:
    with app.app_context():
        publishing.publish(db.session.get_one(User, 2), ids.quote)
        link = f"/q/{db.session.get_one(Quote, ids.quote).public_token}"
    assert admin.send(admin.form(PAGE, PAGE), {"is_active": False, "successor_id": "1"}).status_code == 303
    with app.app_context():
        quote = db.session.get_one(Quote, ids.quote)
        days = 400 if status == "expired" else 0
        if status not in ("pending", "expired"):
            quote.status = status
        db.session.commit()
        with time_machine.travel(utc_now() + timedelta(days=days)):
            page = text(app.test_client().get(link))
    notice = {
        "pending": "",
        "expired": "Contact Ada Admin (admin@desk.example) for a new one.",
        "lost": "Email admin@desk.example.",
        "accepted": "Ada Admin will contact you shortly.",
    }
    assert notice[status] in page
    assert ("rep@desk.example" in page, "Rob Rep" in page) == (True, True), "who prepared it stays on it"


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


def test_a_sales_manager_hands_quotes_over(app: Flask, ids: Ids) -> None:
    with app.app_context():
        manager = samples.rep("mia@desk.example")
        manager.role = "sales_manager"
        db.session.get_one(User, 2).is_active = False
        db.session.commit()
        manager_id = str(manager.id)
    mia = Visitor(app.test_client()).sign_in("mia@desk.example", samples.PASSWORD)
    assert OVER in mia.client.get("/quotes/").text
    form = mia.form(OVER, OVER)
    assert form.label("owner_id", "2") == "Rob Rep (1, inactive)"
    refused = mia.send(form, {"owner_id": "2", "successor_id": "2"})
    assert (refused.status_code, errors(refused)) == (
        422,
        {"successor_id": "Choose someone else who takes the quotes."},
    )
    assert mia.send(form, {"owner_id": manager_id}).status_code == 422
    assert mia.send(form, {"owner_id": "2", "successor_id": manager_id}).status_code == 303
    assert owner(app, ids) == "mia@desk.example"
    assert "1 open quote of Rob Rep" in text(mia.client.get("/quotes/"))


def test_a_rep_hands_nothing_over(app: Flask, ids: Ids, rep: Visitor) -> None:
    assert rep.client.get(OVER).status_code == 403
    assert OVER not in rep.client.get("/quotes/").text
    token = dict(rep.form("/people/", "logout").fields)["csrf_token"]
    sent = {"csrf_token": token, "owner_id": "2", "successor_id": "1"}
    assert rep.client.post(OVER, data=sent).status_code == 403
    assert owner(app, ids) == "rep@desk.example"
