"""The page of all deliveries: who was told what, and *Send now*."""

from __future__ import annotations

import re

from flask import Flask

from tests.support import samples
from tests.support.visitor import Visitor, text
from webapp.models import Delivery, DiaryEntry, db, utc_now
from webapp.services.delivery import room
from webapp.services.quoting.lifecycle import publishing

PAGE = "/activity/deliveries"


def prepared(app: Flask) -> tuple[Visitor, dict[str, int]]:
    """An admin, and the ids of a push that was parked, a mail that is under way and a message that was delivered."""
    with app.app_context():
        admin = samples.admin()
        quote = samples.quote(admin)
        revision = publishing.publish(admin, quote.id).revision
        db.session.execute(db.update(Delivery).values(state="parked", outcome="Which company?"))
        mail = room.add(room.delivery("mail", "sync_failed", quote=quote, revision=revision))
        mail.state = "running"
        told = room.add(room.delivery("webhook", "quote.published", quote=quote, address=1, payload="{}"))
        told.state = "done"
        db.session.commit()
        push = db.session.scalars(db.select(Delivery).filter_by(reader="autotask")).one()
        ids = {"push": push.id, "mail": mail.id, "told": told.id}
    return Visitor(app.test_client()).sign_in("admin@desk.example", samples.PASSWORD), ids


def test_every_reader_is_on_one_page(app: Flask) -> None:
    admin, _ = prepared(app)
    page = text(admin.client.get(PAGE))
    for words in (
        "Datto Autotask PSA: 1001",
        "Which company?",
        "Action needed",
        "Email: 1001",
        "Webhooks: 1001",
    ):
        assert words in page
    only = text(admin.client.get(f"{PAGE}?reader=mail"))
    assert "Email: 1001" in only
    assert "Webhooks: 1001" not in only
    assert "No results" in text(admin.client.get(f"{PAGE}?reader=mail&state=parked"))
    assert admin.client.get(f"{PAGE}?reader=x&state=y&page=z").status_code == 200


def test_what_is_stuck_can_be_sent_now(app: Flask) -> None:
    admin, ids = prepared(app)
    page = admin.client.get(PAGE).text
    assert re.findall(rf'action="{PAGE}/(\d+)/now"', page) == [str(ids["push"])]
    admin.send(admin.form(PAGE, "/now"))
    with app.app_context():
        row = db.session.get_one(Delivery, ids["push"])
        assert (row.state, row.is_asked_for) == ("waiting", True)
        assert row.not_before <= utc_now()
        entry = db.session.scalars(db.select(DiaryEntry).filter_by(action="delivery.sent_now")).one()
        assert entry.object_id == str(ids["push"])


def test_what_is_under_way_or_delivered_is_left_alone(app: Flask) -> None:
    admin, ids = prepared(app)
    form = admin.form(PAGE, "/now")
    for name, sentence in (("mail", "being delivered right now"), ("told", "This was delivered")):
        answer = admin.client.post(f"{PAGE}/{ids[name]}/now", data=dict(form.fill({})), follow_redirects=True)
        assert sentence in text(answer)
    assert admin.client.post(f"{PAGE}/999/now", data=dict(form.fill({}))).status_code == 404


def test_a_rep_does_not_see_it(app: Flask) -> None:
    prepared(app)
    with app.app_context():
        samples.rep()
    rep = Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD)
    assert rep.client.get(PAGE).status_code == 403
