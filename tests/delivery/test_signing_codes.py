"""A code by mail proves the signer's email where the company demands it: made by the worker, counted, kept nowhere."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from smoke.forms import read_forms
from tests.activity.mailbox import Mailbox, words
from tests.delivery.test_quote_mail import deliver, mailbox, quote, runtime_of  # noqa: F401  fixtures
from tests.quoting.test_answers import answer
from tests.support import samples
from tests.support.visitor import text
from webapp.models import MailMessage, Quote, QuoteEvent, SigningCode, db, utc_now
from webapp.services.company import signing
from webapp.services.core.errors import Invalid
from webapp.services.quoting.answer import acceptance, codes, signers, turns
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.paper import signed
from webapp.services.quoting.revisions import snapshot

ANN = {"email": "ann.lee@customer.example"}


@pytest.fixture
def demanded(app: Flask, mailbox: Mailbox, quote: Quote) -> Quote:  # noqa: F811
    signing.save(runtime_of(app), samples.admin(), {"code": "1"})
    return quote


def digits(app: Flask, mailbox: Mailbox) -> str:  # noqa: F811
    (mail,) = deliver(app, mailbox)
    found = re.search(r"\b(\d{3}) (\d{3})\b", words(mail))
    assert found is not None
    assert f"{found[1]} {found[2]} is your code for quote" in mail["Subject"]
    return found[1] + found[2]


def refusal(token: str, **values: str) -> str:
    with pytest.raises(Invalid) as caught:
        codes.confirm(token, {**ANN, **values}, "visit")
    return caught.value.fields.get("code", str(caught.value))


def sign(quote: Quote, session: str) -> None:  # noqa: F811
    revision = quote.current_revision
    assert revision is not None
    acceptance.accept(quote.public_token, answer(revision), [], Evidence("192.0.2.7", "Browser/1", session))


def test_without_a_mail_server_no_one_demands_it(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(Invalid) as caught:
            signing.save(runtime_of(app), samples.admin(), {"code": "1"})
        assert caught.value.fields["code"].startswith("Set up a mail server")
        assert not signing.demands_code()


def test_only_the_browser_with_the_code_signs(app: Flask, mailbox: Mailbox, demanded: Quote) -> None:  # noqa: F811
    token = demanded.public_token
    with pytest.raises(Invalid, match="Confirm your email with the code first"):
        sign(demanded, "visit")
    assert refusal(token, code="123456").startswith("Send a code first.")
    codes.ask(runtime_of(app), token, ANN)
    assert "still on its way" in refusal(token, code="123456")
    code = digits(app, mailbox)
    # It is nowhere but in the mail.
    assert db.session.scalar(db.select(MailMessage.id)) is None
    row = db.session.scalars(db.select(SigningCode)).one()
    assert code not in (row.code_sha256, row.salt)
    assert refusal(token, code="no") == (
        "That code didn't match. 3 tries left. Check the latest email, or send a new code."
    )
    assert codes.confirm(token, {**ANN, "code": f" {code[:3]} {code[3:]} "}, "visit") == ANN["email"]
    with pytest.raises(Invalid, match="Confirm your email with the code first"):
        sign(demanded, "another browser")
    sign(demanded, "visit")
    record = demanded.acceptance
    assert record is not None
    assert (record.email, record.confirmed_email) == (ANN["email"], ANN["email"])
    kinds = [one.kind for one in db.session.scalars(db.select(QuoteEvent).order_by(QuoteEvent.number))]
    assert kinds == ["published", "code_sent", "code_confirmed", "signed"]
    revision = demanded.current_revision
    assert revision is not None
    certificate = signed.of(record, snapshot.parse(revision.content)).certificate
    assert certificate is not None
    assert ("Email", f"{ANN['email']}, confirmed with a code sent to it") in certificate.blocks[0][1]


def test_tries_sends_and_minutes_are_limited(app: Flask, mailbox: Mailbox, demanded: Quote) -> None:  # noqa: F811
    token, runtime = demanded.public_token, runtime_of(app)
    codes.ask(runtime, token, ANN)
    code = digits(app, mailbox)
    said = [refusal(token, code="000000x") for _ in range(codes.TRIES)]
    assert "No tries left." in said[-1]
    assert refusal(token, code=code) == codes.USED_UP
    codes.ask(runtime, token, ANN)
    code = digits(app, mailbox)
    db.session.execute(db.update(SigningCode).values(expires_at=utc_now() - timedelta(seconds=1)))
    db.session.commit()
    assert refusal(token, code=code) == codes.EXPIRED
    for _ in range(codes.SENDS - 2):
        codes.ask(runtime, token, ANN)
    with pytest.raises(Invalid, match="Too many codes were sent within an hour"):
        codes.ask(runtime, token, ANN)
    with pytest.raises(Invalid) as caught:
        codes.ask(runtime, token, {"email": ""})
    assert caught.value.fields["email"].startswith("Enter your email")


def test_a_signers_code_goes_to_the_signers_address(app: Flask, mailbox: Mailbox, demanded: Quote) -> None:  # noqa: F811
    runtime = runtime_of(app)
    form = {"name-0": "Carla Khan", "email-0": "carla@customer.example"}
    signers.save(runtime, demanded.owner, demanded.id, form)
    token = signers.token_of(runtime, turns.signers_of(demanded)[0])
    codes.ask(runtime, token, ANN)
    (mail,) = deliver(app, mailbox)
    assert mail["To"] == "carla@customer.example"


def form_of(page: TestResponse) -> dict[str, str]:
    form = next(one for one in read_forms(page.text) if "/accept" in one.action)
    return dict(form.fill({}))


def test_the_page_asks_for_the_code_first(app: Flask, mailbox: Mailbox, demanded: Quote) -> None:  # noqa: F811
    client: FlaskClient = app.test_client()
    address = f"/q/{demanded.public_token}"
    page = client.get(address)
    assert "Confirm your email" in text(page)
    assert "Sign by typing" not in page.text
    nul = client.post(f"{address}/code", data={**form_of(page), "email": "\0"})
    assert nul.status_code in (200, 422)
    asked = client.post(f"{address}/code", data={**form_of(page), "email": "Ann.Lee@Customer.example"})
    assert "Enter your 6-digit code" in text(asked)
    assert ANN["email"] in text(asked)
    code = digits(app, mailbox)
    wrong = client.post(f"{address}/confirm", data={**form_of(asked), "code": "1"})
    assert wrong.status_code == 422
    assert "That code didn" in text(wrong)
    # Nothing entered is no try, and a code that doesn't work anymore isn't asked for.
    empty = client.post(f"{address}/confirm", data={**form_of(asked), "code": " "})
    assert "Enter the code from the email." in text(empty)
    assert db.session.scalars(db.select(SigningCode.tries)).one() == 1
    db.session.execute(db.update(SigningCode).values(tries=codes.TRIES))
    db.session.commit()
    locked = client.post(f"{address}/confirm", data={**form_of(asked), "code": code})
    assert "Too many incorrect codes" in text(locked)
    assert 'name="code"' not in locked.text
    assert "Send a new code" in text(locked)
    db.session.execute(db.update(SigningCode).values(tries=1))
    db.session.commit()
    ready = client.post(f"{address}/confirm", data={**form_of(wrong), "code": code})
    assert "Your email, confirmed" in text(ready)
    sent = {**form_of(ready), "name": "Ann Lee", "title": "Owner", "signature": "Ann Lee", "terms": "1"}
    assert client.post(f"{address}/accept", data=sent).status_code == 303
