"""Mail to the named signers of a quote: to whom, with which link, and what the history says of it."""

# ruff: noqa: F811  fixtures of another module

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from tests.activity.mailbox import Mailbox, words
from tests.delivery.test_quote_mail import FORM, deliver, mailbox, quote, runtime_of  # noqa: F401  fixtures
from tests.quoting.test_signers import form, signature
from tests.support import samples
from webapp.models import Delivery, DiaryEntry, MailMessage, MailServer, Quote, QuoteSigner, db, utc_now
from webapp.services.core import work
from webapp.services.delivery import attempt, quote_mail
from webapp.services.quoting.answer import acceptance, signers, turns
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.draft import editing
from webapp.services.quoting.lifecycle import mail_words, publishing, reminding, sending

HERE = Evidence("192.0.2.7", "Browser/1")
CARLA = ("Carla Khan", "carla@customer.example", "CEO")
THEO = ("Theo Lindqvist", "theo@customer.example", "CFO")


@pytest.fixture
def tokens(app: Flask, quote: Quote) -> list[str]:
    """The links of Carla, who signs first, and Theo."""
    signers.save(runtime_of(app), quote.owner, quote.id, form(CARLA, THEO, in_order="1"))
    return [signers.token_of(runtime_of(app), one) for one in turns.signers_of(quote)]


def sign(quote: Quote, token: str, name: str) -> None:
    revision = editing.get(quote.id).current_revision
    assert revision is not None
    acceptance.accept(token, signature(revision, name), [], HERE)


def asked(quote: Quote) -> list[str]:
    """Whom the history says to have been asked."""
    query = db.select(DiaryEntry).filter_by(action="quote.sign_asked", object_id=str(quote.id))
    return [entry.detail["reason"] for entry in db.session.scalars(query.order_by(DiaryEntry.id))]


def test_signers_are_greeted_by_first_name(
    app: Flask, mailbox: Mailbox, quote: Quote, tokens: list[str]
) -> None:
    signers.ask(runtime_of(app), quote.owner, quote.id, turns.signers_of(quote)[0].id)
    (mail,) = deliver(app, mailbox)
    assert words(mail).startswith("Hello Carla,")
    sign(quote, tokens[0], "Carla Khan")
    sign(quote, tokens[1], "Theo Lindqvist")
    hellos = {str(mail["To"]): words(mail).partition("\n")[0] for mail in deliver(app, mailbox)}
    assert hellos["carla@customer.example"] == "Hello Carla,"
    assert hellos["theo@customer.example"] == "Hello Theo,"


@pytest.mark.parametrize(
    ("name", "hello"),
    [
        ("Ann Lee", "Ann"),
        ("Bob Ray", "Bob"),
        ("Dr Lee", "Dr Lee"),
        ("Mr. Lee", "Mr. Lee"),
        ("J. Lee", "J. Lee"),
        ("Lee, Ann", "Lee, Ann"),
    ],
)
def test_a_shared_mailbox_and_a_title_are_no_first_name(quote: Quote, name: str, hello: str) -> None:
    """The contact, Anna Lee, and others have one mailbox."""
    frozen = mail_words.live(quote)
    assert frozen.person is not None
    assert mail_words.first_name(name, frozen.person.email, frozen) == hello
    full = f"{frozen.person.first_name} {frozen.person.last_name}"
    assert mail_words.first_name(full, frozen.person.email, frozen) == frozen.person.first_name


def test_the_history_says_asked_once_the_mail_is_sent(
    app: Flask,
    mailbox: Mailbox,
    quote: Quote,
    tokens: list[str],
) -> None:
    sign(quote, tokens[0], "Carla Khan")
    assert asked(quote) == []
    to_rep, to_theo = deliver(app, mailbox)
    assert (to_rep["To"], to_theo["To"]) == (quote.owner.email, "theo@customer.example")
    assert asked(quote) == ["Theo Lindqvist, theo@customer.example"]
    theo = db.session.scalars(db.select(QuoteSigner).filter_by(name="Theo Lindqvist")).one()
    assert theo.asked_at is not None
    assert deliver(app, mailbox) == []


def test_without_a_mail_server_no_one_was_asked(app: Flask, quote: Quote, tokens: list[str]) -> None:
    sign(quote, tokens[0], "Carla Khan")
    for waiting in db.session.scalars(db.select(Delivery.id).filter_by(reader="mail")).all():
        attempt.perform(runtime_of(app), waiting)
    assert asked(quote) == []
    assert [one.asked_at for one in turns.signers_of(quote)] == [None, None]
    # It is in the outbox as it would look, but for the secret of the link.
    kept = db.session.scalars(db.select(MailMessage).filter_by(recipients="theo@customer.example")).one()
    assert "Hello Theo," in kept.text
    assert tokens[1] not in kept.text + kept.html
    assert "/q/…" in kept.text


def test_no_mail_goes_to_a_signer_of_another_quote(
    app: Flask, mailbox: Mailbox, quote: Quote, tokens: list[str]
) -> None:
    """SQLite gives the number of a signer who was removed to the next one, of whatever quote."""
    rep = quote.owner
    other = samples.quote(rep, customer=quote.person)
    publishing.publish(rep, other.id)
    signers.save(runtime_of(app), rep, other.id, form(("Max Weber", "max@customer.example", "CIO")))
    (stranger,) = turns.signers_of(other)
    sign(quote, tokens[0], "Carla Khan")
    asks = db.session.scalars(db.select(Delivery).filter_by(quote_id=quote.id, reason="sign")).one()
    asks.address = f"{quote_mail.OF_SIGNER}{stranger.id}"
    db.session.commit()
    assert [mail["To"] for mail in deliver(app, mailbox)] == [rep.email]
    quote_mail.note_sent(asks)
    assert turns.signers_of(other)[0].asked_at is None


def test_nobody_is_reminded_with_the_quotes_own_link_while_signers_are_named(
    app: Flask, mailbox: Mailbox, quote: Quote, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending.send(quote.owner, quote.id, {**FORM, "key": "1"})
    deliver(app, mailbox)
    with work.unit():
        db.session.add(MailServer(id=1, host="", remind_silent_days=3, password_encrypted=""))
        db.session.execute(db.update(MailMessage).values(sent_at=utc_now() - timedelta(days=4)))
    rules, runtime = db.session.get_one(MailServer, 1), runtime_of(app)
    monkeypatch.setattr(reminding, "utc_now", lambda: utc_now() + timedelta(days=4))
    signers.save(runtime, quote.owner, quote.id, form(CARLA, THEO))
    assert reminding._candidates(rules, utc_now()) == []
    assert reminding.remind(runtime, quote.id) is False
    # Without signers it is good for an answer again.
    signers.save(runtime, quote.owner, quote.id, form())
    assert reminding._candidates(rules, utc_now()) == [quote.id]
    assert reminding.remind(runtime, quote.id) is True
