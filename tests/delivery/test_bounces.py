"""What a mail service tells of an email: in its own words, once, and the rep hears of a bounce."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from requests.auth import _basic_auth_str

from tests.activity.mailbox import Mailbox
from tests.delivery.test_quote_mail import FORM, deliver, mailbox, quote, the_message
from tests.support import samples
from webapp.models import MailMessage, MailServer, Notification, Quote, QuoteEvent, db, utc_now
from webapp.services.company import mail_server
from webapp.services.core.errors import Invalid
from webapp.services.delivery import bounces
from webapp.services.delivery.bounces import BOUNCED, DELIVERED, SPAM, Report
from webapp.services.quoting.lifecycle import reminding, sending

__all__ = ["mailbox", "quote"]
ANN = "ann@customer.example"
SES_MAIL = {"headers": [{"name": "Message-ID", "value": "<a@quotewright>"}]}
SES_BOUNCE = {
    "notificationType": "Bounce",
    "mail": SES_MAIL,
    "bounce": {
        "bounceType": "Permanent",
        "bouncedRecipients": [{"emailAddress": ANN, "diagnosticCode": "550 no such user"}],
    },
}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            [
                {"event": "bounce", "email": ANN, "smtp-id": "<a@quotewright>", "reason": "550 full"},
                {"event": "open", "email": ANN},
                {"event": "delivered", "email": ANN},
                {"event": "spamreport", "email": ANN},
            ],
            [Report(BOUNCED, ANN, "<a@quotewright>", "550 full"), Report(DELIVERED, ANN), Report(SPAM, ANN)],
        ),
        (
            {"RecordType": "Bounce", "Type": "HardBounce", "Email": ANN, "Description": "Unknown"},
            [Report(BOUNCED, ANN, reason="Unknown")],
        ),
        ({"RecordType": "Bounce", "Type": "Transient", "Email": ANN}, []),
        ({"RecordType": "Delivery", "Recipient": ANN}, [Report(DELIVERED, ANN)]),
        (
            {
                "event-data": {
                    "event": "failed",
                    "severity": "permanent",
                    "recipient": ANN,
                    "message": {"headers": {"message-id": "a@quotewright"}},
                    "delivery-status": {"description": "Not there"},
                }
            },
            [Report(BOUNCED, ANN, "<a@quotewright>", "Not there")],
        ),
        ({"event-data": {"event": "failed", "severity": "temporary", "recipient": ANN}}, []),
        (SES_BOUNCE, [Report(BOUNCED, ANN, "<a@quotewright>", "550 no such user")]),
        (
            {"Type": "Notification", "Message": json.dumps(SES_BOUNCE)},
            [Report(BOUNCED, ANN, "<a@quotewright>", "550 no such user")],
        ),
        (
            {"eventType": "Delivery", "mail": {}, "delivery": {"recipients": [ANN]}},
            [Report(DELIVERED, ANN)],
        ),
        ({"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.example/confirm"}, []),
    ],
)
def test_each_service_is_understood(content: Any, expected: list[Report]) -> None:
    assert bounces.read(json.dumps(content).encode()) == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"3",
        b'[{"event": "bounce", "email": null}]',
        b'[{"event": "bounce", "email": 5}]',
        b"{}",
        b"[3]",
        b"[{}]",
        b'{"event-data": 1}',
        b'{"RecordType": "Bounce"}',
        b"[" * 100_000,
    ],
)
def test_anything_else_is_refused_with_a_sentence(body: bytes) -> None:
    with pytest.raises(Invalid, match="Nothing was noted"):
        bounces.read(body)


def test_a_bounce_is_noted_once_and_the_rep_is_told(app: Flask, mailbox: Mailbox, quote: Quote) -> None:
    sending.send(quote.owner, quote.id, {**FORM, "key": "1", "copies": "bo@customer.example"})
    deliver(app, mailbox)
    message_id = the_message().message_id
    assert bounces.note(Report(DELIVERED, "bo@customer.example", message_id))
    told = Report(BOUNCED, "Ann@customer.example", message_id, "mailbox full")
    assert [bounces.note(told), bounces.note(told)] == [True, False]
    # A service without our number of the email: the newest one to the address.
    assert bounces.note(Report(SPAM, "bo@customer.example"))
    assert not bounces.note(Report(BOUNCED, "bo@customer.example", "<another@quotewright>", "full"))
    assert bounces.note(Report(BOUNCED, "o@customer.example")) is False
    assert not bounces.note(Report(BOUNCED, "nobody@customer.example", message_id))
    message = the_message()
    assert (
        message.outcome
        == "Ann@customer.example didn't get it: mailbox full bo@customer.example called it spam."
    )
    assert (message.delivered_at is not None, message.bounced_at is not None) == (True, True)
    sentences = db.session.scalars(db.select(Notification.sentence).order_by(Notification.id)).all()
    assert sentences == [
        "An email bounced. Ann@customer.example didn't get it: mailbox full",
        "An email bounced. bo@customer.example called it spam.",
    ]
    kinds = db.session.scalars(db.select(QuoteEvent.kind).order_by(QuoteEvent.number)).all()
    assert kinds[-4:] == ["sent", "delivered", "bounced", "bounced"]


@pytest.mark.postgres
def test_a_bounce_locks_the_quote_before_its_email(app: Flask, mailbox: Mailbox, quote: Quote) -> None:
    """As everyone does: whoever has the quote and wants the email would wait for it forever otherwise."""
    sending.send(quote.owner, quote.id, {**FORM, "key": "1"})
    deliver(app, mailbox)
    message_id, locked = the_message().message_id, list[str]()

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "FOR UPDATE" in statement:
            locked.append(statement.partition("FROM ")[2].split()[0])

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert bounces.note(Report(BOUNCED, ANN, message_id, "full"))
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
    assert locked[:2] == ["quote", "mail_message"]


def test_nobody_is_reminded_at_an_address_that_bounced(app: Flask, mailbox: Mailbox, quote: Quote) -> None:
    db.session.add(
        MailServer(id=1, host="", remind_silent_days=3, remind_ending_days=None, password_encrypted="")
    )
    sending.send(quote.owner, quote.id, {**FORM, "key": "1"})
    deliver(app, mailbox)
    message = the_message()
    long_ago = utc_now() - reminding.APART * 5
    message.sent_at = long_ago
    assert quote.current_revision is not None
    assert bounces.note(Report(BOUNCED, ANN, message.message_id, "full"))
    rules, now = mail_server.stored(), utc_now()
    assert reminding._candidates(rules, now) == []
    assert not reminding.remind(app.extensions["quotewright"], quote.id)
    db.session.execute(db.update(MailMessage).values(bounced_at=None))
    db.session.commit()
    assert reminding._candidates(rules, now) == [quote.id]


def test_a_service_tells_it_with_its_key(app: Flask, mailbox: Mailbox, quote: Quote) -> None:
    sending.send(quote.owner, quote.id, {**FORM, "key": "1"})
    deliver(app, mailbox)
    key = mail_server.renew_events_key(samples.admin())
    body = json.dumps([{"event": "bounce", "email": ANN, "smtp-id": the_message().message_id}]).encode()

    def send(password: str | None, content: bytes = body) -> tuple[int, Any]:
        headers = {"Authorization": _basic_auth_str("events", password)} if password is not None else {}
        answer = app.test_client().post("/mail/events", data=content, headers=headers)
        return answer.status_code, answer.json

    assert send(None)[0] == 401
    assert send("")[0] == 401
    assert send(key + "x")[0] == 401
    assert the_message().bounced_at is None
    assert send(key) == (200, {"noted": 1, "ignored": 0})
    assert send(key) == (200, {"noted": 0, "ignored": 1})
    assert send(key, b"{}")[0] == 422
    assert send(key, b" " * 2_000_000)[0] == 413
    assert mail_server.renew_events_key(samples.admin("boss@desk.example")) != key
    assert send(key)[0] == 401
