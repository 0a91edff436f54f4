"""Whom an answer is mailed to depends on the order in which things were stored, on no machine's clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.support import samples
from webapp.models import EndedLink, Quote, QuoteComment, db, utc_now
from webapp.services.quoting.answer import comments
from webapp.services.quoting.draft import editing
from webapp.services.quoting.lifecycle import customer_link

pytestmark = pytest.mark.both_databases


def write(quote_id: int, name: str) -> None:
    quote = editing.get(quote_id)
    writer = {"writer": name, "writer_email": f"{name.lower()}@customer.example"}
    comments.write(quote.public_token, {"text": f"{name} asks", "revision": "1", **writer})


def readers(quote: Quote) -> list[str]:
    newest = db.session.scalars(db.select(QuoteComment).order_by(QuoteComment.id.desc())).first()
    assert newest is not None
    return [one.name for one in comments.readers(newest)]


@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_who_wrote_through_a_replaced_link_gets_no_answer_whatever_the_clocks_say(
    app: Flask, hours: int
) -> None:
    with app.app_context():
        rep = samples.rep()
        quote = samples.published(rep).quote
        write(quote.id, "Ann")
        customer_link.replace(rep, quote.id)
        db.session.execute(sa.update(EndedLink).values(ended_at=utc_now() + timedelta(hours=hours)))
        db.session.commit()
        write(quote.id, "Bob")
        comments.answer(rep, quote.id, {"text": "Yes"})
        assert readers(quote) == ["Bob"]


def test_links_that_ended_before_are_told_by_their_time(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        quote_id = samples.published(rep).quote.id
        write(quote_id, "Ann")
        customer_link.replace(rep, quote_id)
        write(quote_id, "Bob")
        comments.answer(rep, quote_id, {"text": "Yes"})
        db.session.remove()
        downgrade(revision="0062")
        upgrade()
        assert readers(editing.get(quote_id)) == ["Bob"]


def test_a_link_that_an_older_version_replaced_is_told_by_its_time(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        quote = samples.published(rep).quote
        write(quote.id, "Ann")
        customer_link.replace(rep, quote.id)
        db.session.execute(sa.update(EndedLink).values(last_comment_id=None))
        db.session.commit()
        write(quote.id, "Bob")
        comments.answer(rep, quote.id, {"text": "Yes"})
        assert readers(quote) == ["Bob"]
