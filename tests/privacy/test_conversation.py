"""A contact who is made anonymous is taken out of comments and colleagues' links, and the export has them."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from tests.privacy import searching
from tests.support import samples
from webapp.models import DiaryEntry, Quote, QuoteComment, QuoteShare, User, db
from webapp.models.quote import LOST
from webapp.services.privacy import anonymizing, exporting, hanging, old_quotes
from webapp.services.quoting.answer import comments, sharing
from webapp.services.quoting.lifecycle import publishing, transitions


@pytest.mark.both_databases
def test_a_contact_is_taken_out_of_what_was_written(app: Flask) -> None:
    with app.app_context():
        admin, rep = samples.admin(), samples.rep()
        contact = samples.person(rep, first_name="Zebulon", last_name="Quandaryx", email="zeb@canary.example")
        quote = samples.quote(rep, customer=contact)
        publishing.publish(rep, quote.id)
        token, seen = quote.public_token, {"revision": "1"}
        comments.write(
            token,
            {**seen, "text": "I am Zebulon Quandaryx", "writer": "Zeb", "writer_email": "zeb@canary.example"},
        )
        sharing.share(
            token,
            {
                "colleague": "Theo Lind",
                "colleague_email": "theo@other.example",
                "writer": "Zebulon Quandaryx",
            },
        )
        comments.answer(rep, quote.id, {"text": "Hello Zebulon Quandaryx"})
        exported = json.loads(exporting.person(admin, contact))
        assert [one["text"] for one in exported["comments"]] == [
            "I am Zebulon Quandaryx",
            "Hello Zebulon Quandaryx",
        ]
        assert exported["shared_links"][0]["name"] == "Theo Lind"
        assert "token" not in exported["shared_links"][0]
        transitions.advance(rep, quote.id, LOST, reason="Price")
        anonymizing.person(admin, contact.id)
        assert searching.found(["zebulon quandaryx", "zeb@canary.example"]) == {}
        first, answer = db.session.scalars(db.select(QuoteComment).order_by(QuoteComment.id))
        alias = f"Anonymous {contact.id}"
        assert (first.name, first.email, first.text) == (alias, "[removed]", f"I am {alias}")
        assert (answer.text, answer.author) == (f"Hello {alias}", "Rob Rep")
        share = db.session.scalars(db.select(QuoteShare)).one()
        assert (share.name, share.shared_by) == ("Theo Lind", alias)


@pytest.mark.both_databases
def test_a_rep_who_left_is_taken_out_of_answers_to_anyone(app: Flask) -> None:
    with app.app_context():
        admin, rep = samples.admin(), samples.rep()
        leaver = samples.rep("leaver@desk.example")
        quote = samples.quote(rep)
        publishing.publish(rep, quote.id)
        comments.write(
            quote.public_token,
            {"text": "Hi", "writer": "Ann", "writer_email": "ann@customer.example", "revision": "1"},
        )
        comments.answer(leaver, quote.id, {"text": "Hello"})
        assert [one["text"] for one in json.loads(exporting.user(admin, leaver))["comments"]] == ["Hello"]
        db.session.execute(db.update(User).filter_by(id=leaver.id).values(is_active=False))
        db.session.commit()
        anonymizing.user(admin, leaver.id)
        answer = db.session.scalars(db.select(QuoteComment).order_by(QuoteComment.id.desc())).first()
        assert answer
        assert answer.author == f"Former user {leaver.id}"


@pytest.mark.both_databases
def test_they_go_with_their_quote(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        quote = samples.quote(rep)
        publishing.publish(rep, quote.id)
        values = {"colleague": "Theo Lind", "writer": "Ann Lee"}
        share = sharing.share(quote.public_token, values).share
        comments.write(share.token, {"text": "Hi", "revision": "1"})
        comments.answer(rep, quote.id, {"text": "Hello"})
        assert {"quote_share", "quote_comment"} <= {
            table.name for table, keys in hanging.rows([quote.id]).items() if keys
        }
        old_quotes._delete([quote.id])
        db.session.commit()
        assert db.session.scalars(db.select(Quote)).all() == []
        assert db.session.scalars(db.select(DiaryEntry).filter_by(action="quote.commented")).all() != []
