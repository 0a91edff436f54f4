"""What a mail service tells of an email after it took it: it was delivered, it bounced, or it was called spam.

Postmark, SendGrid, Mailgun and Amazon SES (through SNS) tell it in their own words, which are all read here:
https://postmarkapp.com/developer/webhooks/bounce-webhook, https://www.twilio.com/docs/sendgrid/for-developers/
tracking-events/event, https://documentation.mailgun.com/docs/mailgun/user-manual/events/webhooks,
https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog

from webapp.models import MailMessage, db, utc_now
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import clean_text
from webapp.services.core.formatting import shortened
from webapp.services.delivery import outbox
from webapp.services.quoting.draft import editing

DELIVERED, BOUNCED, SPAM = "delivered", "bounced", "spam"
# Without our own number of the mail, it is the newest one to the address since then.
RECENT = timedelta(days=7)
MOST_REPORTS = 2_000
MAX_REASON = 300
UNREADABLE = "This isn't a message of a mail service that we know. Nothing was noted."

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Report:
    """What became of the email to one address. ``message_id``: the one that we sent it with, where it is told."""

    what: str
    address: str
    message_id: str = ""
    reason: str = ""


def read(body: bytes) -> list[Report]:
    """The reports in a message of a mail service; those of other kinds are left out. Raises Invalid with a sentence."""
    try:
        found = list(_reports(json.loads(body)))[:MOST_REPORTS]
        read_ones = [
            replace(one, address=clean_text(one.address).strip(), message_id=clean_text(one.message_id))
            for one in found
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Invalid(UNREADABLE) from None
    return [one for one in read_ones if "@" in one.address]


@work.command
def note(report: Report) -> bool:
    """Note one report on the email that it is about, and tell its rep of a bounce. False where there is none, or where
    it was noted before.
    """
    message_id = _find(report)
    if message_id is None:
        return False
    found = db.session.get_one(MailMessage, message_id)
    if found.quote_id is not None:
        editing.lock(found.quote_id)
    message = db.session.get_one(MailMessage, message_id, with_for_update=True, populate_existing=True)
    if report.what == DELIVERED:
        return outbox.delivered(message, report.address)
    reason = shortened(clean_text(report.reason), MAX_REASON) or "no reason was given"
    sentence = (
        f"{report.address} called it spam."
        if report.what == SPAM
        else f"{report.address} didn't get it: {reason}"
    )
    return outbox.bounced(message, report.address, sentence)


def _find(report: Report) -> int | None:
    query = db.select(MailMessage.id, MailMessage.recipients, MailMessage.copies).where(
        MailMessage.handed_at.is_not(None) | MailMessage.sent_at.is_not(None)
    )
    if report.message_id:
        named = db.session.execute(query.where(MailMessage.message_id == report.message_id)).first()
        # One of another program that sends through the same service is none of ours.
        return named.id if named is not None and _has(named, report.address) else None
    recent = query.where(
        MailMessage.created_at >= utc_now() - RECENT,
        (MailMessage.recipients + ", " + MailMessage.copies).icontains(report.address, autoescape=True),
    )
    rows = db.session.execute(recent.order_by(MailMessage.id.desc()).limit(20)).all()
    return next((row.id for row in rows if _has(row, report.address)), None)


def _has(row: Any, address: str) -> bool:
    return address.lower() in [one.strip().lower() for one in f"{row.recipients}, {row.copies}".split(",")]


def _reports(content: Any) -> Iterator[Report]:
    if isinstance(content, list):
        for one in content:
            yield from _sendgrid(one)
    elif "RecordType" in content:
        yield from _postmark(content)
    elif "event-data" in content:
        yield from _mailgun(content["event-data"])
    elif content.get("Type") == "SubscriptionConfirmation":
        # Amazon waits for somebody to open this address once (docs/mail.md).
        log.info("mail.events.confirm", address=str(content["SubscribeURL"])[:1000])
    elif content.get("Type") == "Notification":
        yield from _ses(json.loads(content["Message"]))
    elif "notificationType" in content or "eventType" in content:
        yield from _ses(content)
    else:
        raise ValueError


def _sendgrid(one: Mapping[str, Any]) -> Iterator[Report]:
    kinds = {"delivered": DELIVERED, "bounce": BOUNCED, "dropped": BOUNCED, "spamreport": SPAM}
    if one["event"] in kinds:
        yield Report(kinds[one["event"]], one["email"], _id(one.get("smtp-id")), str(one.get("reason") or ""))


def _postmark(one: Mapping[str, Any]) -> Iterator[Report]:
    kinds = {"Delivery": DELIVERED, "Bounce": BOUNCED, "SpamComplaint": SPAM}
    # A mailbox that is full for now is tried again.
    if one["RecordType"] in kinds and one.get("Type") not in ("Transient", "AutoResponder"):
        address = one.get("Email") or one["Recipient"]
        yield Report(kinds[one["RecordType"]], address, reason=str(one.get("Description") or ""))


def _mailgun(one: Mapping[str, Any]) -> Iterator[Report]:
    kinds = {"delivered": DELIVERED, "failed": BOUNCED, "complained": SPAM}
    if one["event"] in kinds and one.get("severity") != "temporary":
        status = one.get("delivery-status") or {}
        reason = status.get("description") or status.get("message") or one.get("reason") or ""
        message_id = one.get("message", {}).get("headers", {}).get("message-id")
        yield Report(kinds[one["event"]], one["recipient"], _id(message_id), str(reason))


def _ses(one: Mapping[str, Any]) -> Iterator[Report]:
    kind, mail = one.get("notificationType") or one["eventType"], one["mail"]
    headers = {str(header["name"]).lower(): header["value"] for header in mail.get("headers", ())}
    message_id = _id(headers.get("message-id"))
    if kind == "Delivery":
        for address in one["delivery"]["recipients"]:
            yield Report(DELIVERED, address, message_id)
    elif kind == "Complaint":
        for who in one["complaint"]["complainedRecipients"]:
            yield Report(SPAM, who["emailAddress"], message_id)
    elif kind == "Bounce" and one["bounce"].get("bounceType") != "Transient":
        for who in one["bounce"]["bouncedRecipients"]:
            yield Report(BOUNCED, who["emailAddress"], message_id, str(who.get("diagnosticCode") or ""))


def _id(text: Any) -> str:
    return f"<{str(text).strip('<> ')}>" if text else ""
