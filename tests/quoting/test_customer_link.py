"""The customer's link can be replaced; the old one opens nothing and says so."""

from __future__ import annotations

import pytest
from flask import Flask

from smoke.forms import read_forms
from tests.support import samples
from tests.support.visitor import Visitor, text
from webapp.models import DiaryEntry, Quote, User, db
from webapp.services.core.errors import Invalid
from webapp.services.quoting.answer import customer_link
from webapp.services.quoting.lifecycle import publishing


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
    typed = dict(accept.fill({"name": "Ann Lee", "signature": "Ann Lee", "terms": True}))
    assert customer.post(accept.action, data=typed).status_code == 404
    with app.app_context():
        stored = db.session.scalars(db.select(Quote)).one()
        assert stored.status == "pending"
        assert customer.get(f"/q/{stored.public_token}").status_code == 200
        entry = db.session.scalars(db.select(DiaryEntry).order_by(DiaryEntry.id.desc())).first()
        assert entry
        assert (entry.action, entry.actor) == ("quote.customer_link_replaced", "rep@desk.example")
        assert stored.public_token not in str(entry.changes)


def test_a_draft_has_none(app: Flask) -> None:
    with app.app_context():
        quote = samples.quote(samples.rep())
        with pytest.raises(Invalid, match="hasn't been published"):
            customer_link.replace(db.session.get_one(User, 1), quote.id)
