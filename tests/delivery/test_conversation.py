"""What a customer and a rep write to each other is mailed: to the rep, to whoever asked, and to a colleague."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage

import pytest
from flask import Flask

from smoke.forms import read_forms
from tests.activity.mailbox import Mailbox, open_mailbox, words
from tests.quoting.test_signers import NAMES
from tests.quoting.test_signers import form as signer_form
from tests.support import samples
from tests.support.visitor import Visitor, text
from webapp.models import Delivery, Quote, User, db
from webapp.services.core.errors import Conflict
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import attempt
from webapp.services.quoting.answer import acceptance, comments, sharing, signers, turns
from webapp.services.quoting.lifecycle import publishing


@pytest.fixture
def mailbox(app: Flask) -> Iterator[Mailbox]:
    """A mail server, and the application that knows it."""
    with open_mailbox() as server:
        runtime: Runtime = app.extensions["quotewright"]
        settings = replace(runtime.config, smtp_url=server.url, mail_from="desk@quotes.example")
        app.extensions["quotewright"] = replace(runtime, config=settings)
        yield server


def send(app: Flask, mailbox: Mailbox) -> list[EmailMessage]:
    """What the worker does every two seconds; returns the mails."""
    mailbox.received.clear()
    with app.app_context():
        waiting = db.select(Delivery.id).filter_by(reader="mail", state="waiting").order_by(Delivery.id)
        for delivery_id in db.session.scalars(waiting).all():
            attempt.perform(app.extensions["quotewright"], delivery_id)
    return list(mailbox.received)


def test_each_is_mailed_to_who_waits_for_it(app: Flask, mailbox: Mailbox) -> None:
    with app.app_context():
        rep = samples.rep()
        quote = samples.quote(rep)
        publishing.publish(rep, quote.id)
        token, uid, rep_id, quote_id = quote.public_token, quote.lines[0].uid, rep.id, quote.id
        base = app.extensions["quotewright"].config.public_base_url
        asked = {"text": "How fast?\nReally?", "line": uid, "revision": "1", "writer": "Tom\r\nBcc: x"}
        comments.write(token, {**asked, "writer_email": "tom@customer.example"})
    (mail,) = send(app, mailbox)
    assert (mail["To"], mail["Bcc"]) == ("rep@desk.example", None)
    assert "wrote about quote 1001" in mail["Subject"]
    said = words(mail)
    assert "How fast?\nReally?" in said
    assert f"{base}/quotes/{quote_id}#talk" in said
    with app.app_context():
        comments.answer(db.session.get_one(User, rep_id), quote_id, {"text": "Very.", "line": uid})
        comments.answer(db.session.get_one(User, rep_id), quote_id, {"text": "Anything else?"})
    to_tom, to_contact = send(app, mailbox)
    assert (to_tom["To"], to_contact["To"]) == ("tom@customer.example", "ann@customer.example")
    assert f"Very.\n\nRead and reply: {base}/q/{token}#talk-{uid}" in words(to_tom)
    customer = Visitor(app.test_client())
    form = next(
        one for one in read_forms(customer.client.get(f"/q/{token}/share").text) if "share" in one.action
    )
    done = customer.send(form, {"colleague": "Theo Lind", "colleague_email": "theo@customer.example"})
    assert "We email the link to theo@customer.example." in text(done)
    with app.app_context():
        theirs = sharing.of_quote(db.session.get_one(Quote, quote_id))[0].token
    assert theirs not in done.text, "the link is for the colleague alone"
    (mail,) = send(app, mailbox)
    assert mail["To"] == "theo@customer.example"
    assert f"{base}/q/{theirs}" in words(mail)
    assert token not in words(mail)
    # Turned off before the mail went out, it isn't sent.
    with app.app_context():
        late = sharing.share(
            token, {"colleague": "Late", "colleague_email": "late@customer.example", "writer": "Ann"}
        )
        sharing.end(db.session.get_one(User, rep_id), quote_id, late.share.id)
    assert send(app, mailbox) == []


def test_the_answer_to_a_signer_links_to_the_signers_own_page(app: Flask, mailbox: Mailbox) -> None:
    with app.app_context():
        runtime, rep = app.extensions["quotewright"], samples.rep()
        quote = samples.quote(rep)
        publishing.publish(rep, quote.id)
        signers.save(runtime, rep, quote.id, signer_form(*NAMES))
        carla, theo = turns.signers_of(quote)
        token, base = signers.token_of(runtime, carla), runtime.config.public_base_url
        public, quote_id = quote.public_token, quote.id
        for link, line in ((token, "How fast?"), (signers.token_of(runtime, theo), "How slow?")):
            comments.write(link, {"text": line, "revision": "1"})
        # Whoever needn't sign any more has no link that would open the quote, and neither has who comes instead.
        others = ("Max Weber", "max@customer.example", "CIO")
        signers.save(runtime, rep, quote_id, signer_form(NAMES[0], others))
        comments.answer(rep, quote_id, {"text": "Very."})
    _, _, mail = send(app, mailbox)
    assert mail["To"] == "carla@customer.example"
    assert f"Read and reply: {base}/q/{token}#talk-whole" in words(mail)
    assert public not in words(mail)


def test_a_colleague_is_promised_what_the_link_can_do(app: Flask, mailbox: Mailbox) -> None:
    with app.app_context():
        runtime, rep = app.extensions["quotewright"], samples.rep()
        quote = samples.quote(rep)
        publishing.publish(rep, quote.id)
        link, quote_id, rep_id = quote.public_token, quote.id, rep.id

    def shared(name: str) -> tuple[str, str]:
        """What the page and the mail say."""
        customer = Visitor(app.test_client())
        page = customer.client.get(f"/q/{link}/share")
        form = next(one for one in read_forms(page.text) if "share" in one.action)
        customer.send(form, {"colleague": name, "colleague_email": f"{name.lower()}@customer.example"})
        return text(page), words(
            next(mail for mail in send(app, mailbox) if mail["To"].startswith(name.lower()))
        )

    page, mail = shared("Bo")
    assert "They can read it, ask questions, and accept or decline it, and" in page
    assert "You can read it, ask questions, and accept or decline it with this link" in mail
    with app.app_context():
        signers.save(runtime, db.session.get_one(User, rep_id), quote_id, signer_form(NAMES[0]))
        (carla,) = turns.signers_of(db.session.get_one(Quote, quote_id))
        token = signers.token_of(runtime, carla)
    page, mail = shared("Cy")
    assert "They can read it and ask questions, and" in page
    assert "You can read it and ask questions with this link" in mail
    # Carla's own link is hers alone.
    client = app.test_client()
    assert f"/q/{token}/share" not in client.get(f"/q/{token}").text
    refused = client.get(f"/q/{token}/share")
    assert refused.status_code == 409
    assert "This is a link for one person, so it can't be shared." in text(refused)
    with app.app_context():
        rep = db.session.get_one(User, rep_id)
        with pytest.raises(Conflict, match="a link for one person"):
            sharing.share(token, {"colleague": "Di", "colleague_email": "di@customer.example"})
        acceptance.record_for_customer(rep, quote_id, {"name": "Ann Lee"})
    page, mail = shared("Ed")
    assert "They can read it, and" in page
    assert "You can read it with this link" in mail
    assert f"/q/{token}/share" not in client.get(f"/q/{token}").text
