"""A contact who only signs someone else's quote is found; so is a user in whose browser it was signed."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from tests.privacy import searching
from tests.quoting.test_answers import answer
from tests.quoting.test_signers import form
from tests.support import samples
from webapp.models import Quote, QuoteSigner, Revision, Signature, User, db
from webapp.models.quote import LOST
from webapp.services.core.errors import Invalid
from webapp.services.diary import diary
from webapp.services.privacy import anonymizing, exporting
from webapp.services.quoting.answer import acceptance, comments, signers, turns
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.draft import editing
from webapp.services.quoting.evidence import chain
from webapp.services.quoting.lifecycle import publishing, transitions

pytestmark = pytest.mark.both_databases
ZEB = ("Zebulon Quandaryx", "zeb@canary.example", "Chief Canary")
CARLA = ("Carla Khan", "carla@customer.example", "CEO")
TRACES = ["zebulon quandaryx", "zeb@canary.example", "192.0.2.77", "canaryphone"]


def to_sign(app: Flask, rep: User, *people: tuple[str, str, str]) -> tuple[Quote, Revision, list[str]]:
    """Ann's published quote, which ``people`` sign, and their links."""
    quote = samples.quote(rep)
    revision = publishing.publish(rep, quote.id).revision
    runtime = app.extensions["quotewright"]
    signers.save(runtime, rep, quote.id, form(*people))
    return quote, revision, [signers.token_of(runtime, one) for one in turns.signers_of(quote)]


def sign(token: str, revision: Revision, name: str, where: Evidence) -> None:
    with diary.origin("browser", where.ip_address):
        acceptance.accept(token, answer(revision, name="", signature=name), [], where)


def test_a_signer_of_someone_elses_quote_is_found(app: Flask) -> None:
    with app.app_context():
        admin, rep = samples.admin(), samples.rep()
        zeb = samples.person(rep, first_name="Zebulon", last_name="Quandaryx", email="zeb@canary.example")
        quote, revision, (first, _) = to_sign(app, rep, ZEB, CARLA)
        sign(first, revision, "Zebulon Quandaryx", Evidence("192.0.2.77", "CanaryPhone/7"))
        comments.write(first, {"text": "Zebulon Quandaryx asks", "revision": "1"})
        content = editing.get(quote.id).current_revision
        assert content
        exported = json.loads(exporting.person(admin, zeb))["in_quotes_of_others"]
        assert [one["number"] for one in exported["quotes"]] == [quote.number]
        assert [one["name"] for one in exported["signers"]] == ["Zebulon Quandaryx"]
        assert [one["ip_address"] for one in exported["signatures"]] == ["192.0.2.77"]
        assert [one["text"] for one in exported["comments"]] == ["Zebulon Quandaryx asks"]
        assert [one["kind"] for one in exported["events"]] == ["signed", "commented"]
        assert "carla@customer.example" not in json.dumps(exported)
        with pytest.raises(Invalid, match=f"named as a signer of quote {quote.number}, which can still"):
            anonymizing.person(admin, zeb.id)
        transitions.advance(rep, quote.id, LOST, reason="Price")
        frozen = content.content
        anonymizing.person(admin, zeb.id)
        assert searching.found(TRACES) == {}
        alias = f"Anonymous {zeb.id}"
        rows = db.session.scalars(db.select(QuoteSigner).order_by(QuoteSigner.position))
        assert [(one.name, one.email) for one in rows] == [(alias, "[removed]"), CARLA[:2]]
        assert db.session.scalar(db.select(Signature.id)) is None
        assert chain.fault(quote.id) == ""
        # The offer to Ann stays as it is.
        assert db.session.scalars(db.select(Revision.content)).one() == frozen
        transitions.advance(rep, quote.id, "pending")
        with pytest.raises(Invalid, match=r"Anonymous \d+ was made anonymous"):
            signers.ask(app.extensions["quotewright"], rep, quote.id, rows_of(quote)[0].id)


def rows_of(quote: Quote) -> list[QuoteSigner]:
    return turns.signers_of(quote)


def test_what_was_accepted_keeps_its_signers(app: Flask) -> None:
    with app.app_context():
        admin, rep = samples.admin(), samples.rep()
        zeb = samples.person(rep, first_name="Zebulon", last_name="Quandaryx", email="zeb@canary.example")
        quote, revision, (first, second) = to_sign(app, rep, ZEB, CARLA)
        sign(first, revision, "Zebulon Quandaryx", Evidence("192.0.2.77", "CanaryPhone/7"))
        sign(second, revision, "Carla Khan", Evidence("192.0.2.3", "Browser/1"))
        assert f"Accepted quotes ({quote.number}) keep the name" in anonymizing.question(zeb)
        anonymizing.person(admin, zeb.id)
        places = {place.partition(".")[0] for place in searching.found(TRACES)}
        assert places == {"signature", "quote_signer", "quote_event"}
        assert chain.fault(quote.id) == ""


def test_another_signature_stays_in_a_round_that_goes_on(app: Flask) -> None:
    """The contact whose offer it was before is made anonymous; Carla's signature of the new offer counts."""
    with app.app_context():
        admin, rep = samples.admin(), samples.rep()
        zeb = samples.person(rep, first_name="Zebulon", last_name="Quandaryx", email="zeb@canary.example")
        quote = samples.quote(rep, customer=zeb)
        publishing.publish(rep, quote.id)
        editing.set_customer(rep, quote.id, person=samples.person(rep))
        revision = publishing.publish(rep, quote.id).revision
        runtime = app.extensions["quotewright"]
        theo = ("Theo Lind", "theo@customer.example", "CFO")
        signers.save(runtime, rep, quote.id, form(CARLA, theo))
        carla = signers.token_of(runtime, turns.signers_of(quote)[0])
        sign(carla, revision, "Carla Khan", Evidence("192.0.2.3", "Browser/1"))
        anonymizing.person(admin, zeb.id)
        assert [one.name for one in turns.round_of(editing.get(quote.id)).given] == ["Carla Khan"]
        assert searching.found(TRACES) == {}


def test_a_user_in_whose_browser_it_was_signed_is_found(app: Flask) -> None:
    with app.app_context():
        admin, rep = samples.admin(), samples.rep()
        left = samples.rep("zeb@canary.example")
        quote, revision, (carla, _) = to_sign(app, rep, CARLA, ("Theo Lind", "theo@customer.example", "CFO"))
        where = Evidence("192.0.2.3", "Browser/1", "visit", signed_in_as="zeb@canary.example")
        sign(carla, revision, "Carla Khan", where)
        exported = json.loads(exporting.user(admin, left))
        assert [one["name"] for one in exported["signed_in_their_browser"]] == ["Carla Khan"]
        db.session.execute(db.update(User).filter_by(id=left.id).values(is_active=False))
        db.session.commit()
        anonymizing.user(admin, left.id)
        assert searching.found(["zeb@canary.example"]) == {}
        (signature,) = db.session.scalars(db.select(Signature))
        assert signature.signed_in_as == f"Former user {left.id}"
        assert chain.fault(quote.id) == ""
