"""The customer's link can be replaced; the old one opens nothing and says so."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from flask import Flask

from smoke.forms import read_forms
from tests.support import samples
from tests.support.visitor import Visitor, text
from tests.support.waiting import blocked_sessions, wait_for
from webapp.models import DiaryEntry, Quote, User, db
from webapp.services.core import work
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.lifecycle import customer_link, publishing


@pytest.mark.both_databases
def test_a_replaced_link_opens_nothing(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        quote = samples.quote(rep)
        publishing.publish(rep, quote.id)
        old, page = quote.public_token, f"/quotes/{quote.id}"
    visitor = Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD)
    customer = app.test_client()
    accept = next(form for form in read_forms(customer.get(f"/q/{old}").text) if "accept" in form.action)
    form = visitor.form(page, "/link")
    asked = visitor.send(form)
    form.action = "/quotes/999/link"
    assert visitor.send(form).status_code == 404
    assert "stops working" in text(asked)
    assert customer.get(f"/q/{old}").status_code == 200
    answer = visitor.send(next(form for form in read_forms(asked.text) if "sure" in form.names()))
    assert (answer.status_code, answer.location) == (303, page)
    for path in (f"/q/{old}", f"/q/{old}/quote.pdf"):
        gone = customer.get(path)
        assert (gone.status_code, customer_link.REPLACED in text(gone)) == (404, True)
    typed = dict(accept.fill({"name": "Ann Lee", "signature": "Ann Lee", "title": "Buyer", "terms": True}))
    assert customer.post(accept.action, data=typed).status_code == 404
    with app.app_context():
        stored = db.session.scalars(db.select(Quote)).one()
        assert stored.status == "pending"
        assert customer.get(f"/q/{stored.public_token}").status_code == 200
        entry = db.session.scalars(db.select(DiaryEntry).order_by(DiaryEntry.id.desc())).first()
        assert entry
        assert (entry.action, entry.actor) == ("quote.customer_link_replaced", "rep@desk.example")
        assert stored.public_token not in str(entry.changes)


@pytest.mark.postgres
@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_an_answer_that_waited_while_the_link_was_replaced_is_refused(app: Flask, answer: str) -> None:
    with app.app_context():
        rep = samples.rep()
        quote = samples.quote(rep)
        revision = publishing.publish(rep, quote.id).revision
        typed: dict[str, object] = {
            "name": "Ann Lee",
            "signature": "Ann Lee",
            "title": "Buyer",
            "terms": "1",
            "reason": "Too dear.",
            **samples.shown(revision),
        }
        rep_id, quote_id, old = rep.id, quote.id, quote.public_token
        db.session.remove()

    def give_it() -> None:
        with app.app_context():
            if answer == "accept":
                acceptance.accept(old, typed, [], Evidence())
            else:
                acceptance.decline(old, typed)

    with app.app_context(), ThreadPoolExecutor(1) as pool, db.engine.connect() as watcher:
        with work.unit():
            customer_link.replace(db.session.get_one(User, rep_id), quote_id)
            given = pool.submit(give_it)
            wait_for(partial(blocked_sessions, watcher), "the answer to wait for the quote")
        with pytest.raises(NotFound, match=re.escape(customer_link.REPLACED)):
            given.result()
        db.session.expire_all()
        assert db.session.get_one(Quote, quote_id).status == "pending"


def test_a_draft_has_none(app: Flask) -> None:
    with app.app_context():
        quote = samples.quote(samples.rep())
        with pytest.raises(Invalid, match="hasn't been published"):
            customer_link.replace(db.session.get_one(User, 1), quote.id)
