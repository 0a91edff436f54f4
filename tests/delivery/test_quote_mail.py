"""A quote is emailed to the customer: now, later, once; and nobody is left to believe that it arrived."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask

from tests.activity.mailbox import Mailbox, open_mailbox, words
from tests.support import samples
from webapp.models import Delivery, MailMessage, MailServer, Notification, Quote, db, utc_now
from webapp.services.core import outward, work
from webapp.services.core.errors import Invalid
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import attempt
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.lifecycle import customer_link, publishing, reminding, sending, transitions

FORM = {"recipients": "ann@customer.example", "subject": "Our quote", "text": "Hello.\n\nPlease look."}


@pytest.fixture
def mailbox(app: Flask) -> Iterator[Mailbox]:
    """A mail server, and the application that knows it."""
    with open_mailbox() as server:
        runtime: Runtime = app.extensions["quotewright"]
        settings = replace(runtime.config, smtp_url=server.url, mail_from="desk@quotes.example")
        app.extensions["quotewright"] = replace(runtime, config=settings)
        yield server


def runtime_of(app: Flask) -> Runtime:
    found: Runtime = app.extensions["quotewright"]
    return found


def deliver(app: Flask, mailbox: Mailbox) -> list[EmailMessage]:
    """What the worker does with what is due; returns the mails."""
    mailbox.received.clear()
    due = db.select(Delivery.id).where(
        Delivery.reader == "mail", Delivery.state == "waiting", Delivery.not_before <= utc_now()
    )
    for delivery_id in db.session.scalars(due.order_by(Delivery.id)).all():
        attempt.perform(runtime_of(app), delivery_id)
    return list(mailbox.received)


def the_message() -> MailMessage:
    db.session.expire_all()
    newest = db.select(MailMessage).order_by(MailMessage.id.desc()).limit(1)
    return db.session.scalars(newest).one()


@pytest.fixture
def quote(app: Flask) -> Iterator[Quote]:
    with app.app_context():
        rep = samples.rep()
        made = samples.quote(rep)
        publishing.publish(rep, made.id)
        yield db.session.get_one(Quote, made.id)


def test_it_goes_out_once_with_the_pdf_and_answers_go_to_the_rep(
    app: Flask, mailbox: Mailbox, quote: Quote
) -> None:
    form = {**FORM, "key": "abc", "copies": "bo@customer.example; ann@customer.example", "attach": "y"}
    first = sending.send(quote.owner, quote.id, form)
    assert sending.send(quote.owner, quote.id, form).id == first.id
    (mail,) = deliver(app, mailbox)
    assert (mail["To"], mail["Cc"]) == ("ann@customer.example", "bo@customer.example")
    assert (mail["Reply-To"], mail["Subject"]) == ("rep@desk.example", "Our quote")
    assert mail["From"].addresses[0].addr_spec == "desk@quotes.example"
    assert quote.owner.name in mail["From"]
    assert "Please look." in words(mail)
    (pdf,) = mail.iter_attachments()
    assert (pdf.get_content_type(), pdf.get_filename()) == ("application/pdf", f"quote-{quote.number}.pdf")
    assert pdf.get_content().startswith(b"%PDF")
    assert the_message().sent_at is not None
    assert deliver(app, mailbox) == []


def test_a_scheduled_one_waits_and_can_be_canceled(
    app: Flask, mailbox: Mailbox, quote: Quote, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = (utc_now() + timedelta(days=2)).strftime(sending.FORMAT)
    waits = sending.send(quote.owner, quote.id, {**FORM, "key": "1", "send_at": soon})
    taken_back = sending.send(quote.owner, quote.id, {**FORM, "key": "2", "send_at": soon})
    assert deliver(app, mailbox) == []
    sending.cancel(quote.owner, quote.id, taken_back.id)
    with pytest.raises(Invalid, match="Nothing was sent") as refused:
        sending.send(quote.owner, quote.id, {**FORM, "key": "3", "send_at": "2020-01-01T10:00"})
    assert "is over" in refused.value.fields["send_at"]
    db.session.execute(db.update(Delivery).values(not_before=utc_now()))
    db.session.commit()
    assert [mail["To"] for mail in deliver(app, mailbox)] == ["ann@customer.example"]
    assert db.session.get_one(MailMessage, waits.id).sent_at is not None
    with pytest.raises(Invalid, match="was sent already"):
        sending.cancel(quote.owner, quote.id, waits.id)


def test_what_the_quote_became_meanwhile_stops_it_and_the_rep_is_told(
    app: Flask, mailbox: Mailbox, quote: Quote
) -> None:
    sending.send(quote.owner, quote.id, {**FORM, "key": "1"})
    with work.unit():
        transitions.apply(db.session.get_one(Quote, quote.id), "lost", actor=quote.owner, reason="No budget")
    assert deliver(app, mailbox) == []
    assert the_message().ended_at is not None
    told = db.session.scalars(db.select(Notification).filter_by(kind="mail")).one()
    assert "wasn't sent. This quote is lost" in told.sentence
    with pytest.raises(Invalid, match="is lost"):
        sending.send(quote.owner, quote.id, {**FORM, "key": "2"})


def test_a_server_that_refuses_is_asked_again_and_one_that_broke_off_is_not(
    app: Flask, mailbox: Mailbox, quote: Quote
) -> None:
    sending.send(quote.owner, quote.id, {**FORM, "key": "1"})
    mailbox.refuses = True
    assert deliver(app, mailbox) == []
    message = the_message()
    assert (message.is_waiting, message.handed_at) == (True, None)
    assert "refused the mail (code 451)" in message.outcome
    mailbox.refuses, mailbox.breaks_off = False, True
    db.session.execute(db.update(Delivery).values(not_before=utc_now()))
    db.session.commit()
    deliver(app, mailbox)
    assert "may have been sent" in the_message().outcome
    mailbox.breaks_off = False
    db.session.execute(db.update(Delivery).values(not_before=utc_now(), state="waiting"))
    db.session.commit()
    assert deliver(app, mailbox) == []


def test_what_happens_after_it_was_taken_changes_nothing(app: Flask, mailbox: Mailbox, quote: Quote) -> None:
    mailbox.parts_badly = True
    mailbox.refuses_address = "bo@customer.example"
    sending.send(quote.owner, quote.id, {**FORM, "key": "1", "copies": "bo@customer.example"})
    (mail,) = deliver(app, mailbox)
    assert mail["Date"].datetime is not None
    message = the_message()
    assert message.sent_at is not None
    assert message.outcome == "The mail server refused bo@customer.example."
    told = db.session.scalars(db.select(Notification).filter_by(kind="mail")).one()
    assert "not to everyone" in told.sentence


def test_one_that_is_canceled_in_the_last_moment_stays_here(
    app: Flask, mailbox: Mailbox, quote: Quote, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = sending.send(quote.owner, quote.id, {**FORM, "key": "1"})
    number, owner, quote_id = message.id, quote.owner, quote.id
    connect = outward.connect

    def connect_while_someone_cancels(*given: Any) -> Any:
        sending.cancel(owner, quote_id, number)
        return connect(*given)

    monkeypatch.setattr(outward, "connect", connect_while_someone_cancels)
    assert deliver(app, mailbox) == []
    assert "Canceled" in the_message().outcome


def test_a_form_that_was_sent_with_other_words_says_so(quote: Quote) -> None:
    sending.send(quote.owner, quote.id, {**FORM, "key": "1"})
    with pytest.raises(Invalid, match="sent already"):
        sending.send(quote.owner, quote.id, {**FORM, "key": "1", "recipients": "bo@customer.example"})
    for far in ("9999-12-31T23:59", "0001-01-01T00:00", "2099-01-01T10:00"):
        with pytest.raises(Invalid):
            sending.send(quote.owner, quote.id, {**FORM, "key": "2", "send_at": far})


def test_another_link_takes_the_waiting_ones_back(app: Flask, mailbox: Mailbox, quote: Quote) -> None:
    soon = (utc_now() + timedelta(days=2)).strftime(sending.FORMAT)
    sending.send(quote.owner, quote.id, {**FORM, "key": "1", "send_at": soon})
    customer_link.replace(quote.owner, quote.id)
    assert "link in it was replaced" in the_message().outcome


def test_a_worker_that_died_while_it_was_taken_sends_nothing_twice(
    app: Flask, mailbox: Mailbox, quote: Quote
) -> None:
    message = sending.send(quote.owner, quote.id, {**FORM, "key": "1"})
    with work.unit():
        db.session.get_one(MailMessage, message.id).handed_at = utc_now()
    assert deliver(app, mailbox) == []
    assert "may have been sent" in the_message().outcome


def test_without_a_server_it_stays_in_the_outbox(app: Flask, quote: Quote) -> None:
    sending.send(quote.owner, quote.id, {**FORM, "key": "1"})
    due = db.session.scalars(db.select(Delivery.id).filter_by(reader="mail")).one()
    attempt.perform(runtime_of(app), due)
    message = the_message()
    assert "No mail server" in message.outcome
    assert "Please look." in message.html


def test_whoever_accepts_gets_the_signed_pdf_and_the_rep_hears_of_it(
    app: Flask, mailbox: Mailbox, quote: Quote
) -> None:
    revision = quote.current_revision
    assert revision is not None
    signed = {"name": "Ann Lee", "title": "Buyer", "signature": "Ann Lee", "terms": "y"}
    signed["email"] = "ann.lee@customer.example"
    acceptance.accept(quote.public_token, {**signed, **samples.shown(revision)}, [], Evidence())
    mails = {mail["To"]: mail for mail in deliver(app, mailbox)}
    assert set(mails) == {"ann.lee@customer.example", "rep@desk.example"}
    (pdf,) = mails["ann.lee@customer.example"].iter_attachments()
    assert pdf.get_content().startswith(b"%PDF")
    assert mails["rep@desk.example"]["Subject"].startswith("Ann Lee accepted quote")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, None),
        ({"mailed": 5}, "silent"),
        ({"mailed": 5, "heard": 1}, None),
        ({"mailed": 5, "heard": 3}, "silent"),
        ({"mailed": 5, "reminded": {"silent"}}, None),
        ({"mailed": 2, "ends": 2}, "ending"),
        ({"mailed": 0, "ends": 1}, None),
        ({"mailed": 2, "ends": 2, "reminded": {"silent"}}, "ending"),
        ({"mailed": 2, "ends": 2, "reminded": {"ending"}}, None),
        ({"mailed": 9, "ends": 9, "reminded": {"ending"}}, None),
        ({"mailed": 9, "published": 0}, None),
        ({"mailed": 9, "published": 2}, None),
        ({"mailed": 9, "published": 4}, "silent"),
    ],
)
def test_when_a_reminder_is_due(facts: dict[str, Any], expected: str | None) -> None:
    now = datetime.fromisoformat("2026-11-02T15:00:00+00:00")

    def days(name: str, sign: int) -> datetime | None:
        return now + sign * timedelta(days=int(str(facts[name]))) if name in facts else None

    known = reminding.Facts(
        mailed_at=days("mailed", -1) or now - timedelta(days=1),
        published_at=days("published", -1) or now - timedelta(days=20),
        heard_at=days("heard", -1),
        ends_at=days("ends", 1),
        was_reminded_of=frozenset(facts.get("reminded", ())),
    )
    rules = MailServer(remind_silent_days=3, remind_ending_days=2)
    assert reminding.due(known, rules, now) == expected


def test_a_silent_customer_is_reminded_once(
    app: Flask, mailbox: Mailbox, quote: Quote, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending.send(quote.owner, quote.id, {**FORM, "key": "1"})
    deliver(app, mailbox)
    with work.unit():
        db.session.add(
            MailServer(
                id=1,
                host="",
                port=587,
                security="starttls",
                username="",
                password_encrypted="",
                from_address="",
                from_name="",
                remind_silent_days=3,
            )
        )
        db.session.execute(db.update(MailMessage).values(sent_at=utc_now() - timedelta(days=4)))
    rules = db.session.get_one(MailServer, 1)
    assert reminding._candidates(rules, utc_now()) == [quote.id]
    # It was published today: whoever saw it today isn't reminded of it.
    assert reminding.remind(runtime_of(app), quote.id) is False
    monkeypatch.setattr(reminding, "utc_now", lambda: utc_now() + timedelta(days=4))
    assert reminding.remind(runtime_of(app), quote.id) is True
    assert reminding.remind(runtime_of(app), quote.id) is False
    (mail,) = deliver(app, mailbox)
    assert mail["Subject"].startswith("Reminder: quote")
    assert f"/q/{quote.public_token}" in words(mail)
    assert reminding.remind(runtime_of(app), quote.id) is False
