"""Send a published quote by email: now or later, once for each form however often it is sent."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from webapp.models import MailMessage, Quote, User, db, utc_now
from webapp.models.quote import PENDING
from webapp.services.company import mail_texts, place
from webapp.services.core import formatting, records, work
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.core.fields import Reader
from webapp.services.diary import diary
from webapp.services.people import directory
from webapp.services.quoting.draft import editing, stages
from webapp.services.quoting.lifecycle import mail_words
from webapp.services.quoting.revisions import freezing

MOST_ADDRESSES = 10
# A rep may write to customers, not to the world.
MOST_A_QUOTE = 100
MAX_SUBJECT, MAX_TEXT = 300, 8000
# Deliveries aren't kept for longer.
MOST_DAYS_AHEAD = 28
SENT = "quote.sent"
FIELDS = ("key", "recipients", "copies", "subject", "text", "attach", "send_at")
FORMAT = "%Y-%m-%dT%H:%M"
_OF_QUOTE = (
    db.select(MailMessage)
    .where(
        MailMessage.quote_id == db.bindparam("quote_id"),
        MailMessage.kind.in_((mail_texts.SEND, mail_texts.REMINDER, mail_texts.ACCEPTED)),
    )
    .options(db.defer(MailMessage.html), db.defer(MailMessage.text))
    .order_by(MailMessage.id.desc())
    .limit(20)
)


def blocker(quote: Quote) -> str:
    """Why the quote can't be sent now; empty when it can."""
    live = freezing.live(quote)
    if live is None:
        return "This quote hasn't been published. Publish it, then send it."
    if quote.status != PENDING:
        return f"This quote is {quote.status}, so it isn't sent."
    if stages.has_ended(live.ends_at, utc_now()):
        return (
            f"This quote expired on {formatting.day(live.expires_on, live.place)}. Publish it with a new expiration "
            "date, then send it."
        )
    return ""


def form(quote: Quote, base: str) -> dict[str, str]:
    """What the form of a quote without ``blocker`` shows: the contact's address and the company's text."""
    frozen = mail_words.live(quote)
    filled = mail_words.fill(mail_texts.SEND, quote, base, frozen)
    return {
        "key": secrets.token_hex(12),
        "recipients": frozen.person.email if frozen.person else "",
        "copies": "",
        "subject": filled.subject,
        "text": filled.text,
        "attach": "",
        "send_at": "",
    }


@work.command
def send(actor: User, quote_id: int, values: Mapping[str, object]) -> MailMessage:
    """Queue an email to the customer. ``values``: as in ``form``; ``send_at``: local to the company, empty for now.

    A form that is sent twice is one email. Raises Invalid with a sentence for each wrong field; sends nothing then.
    """
    quote = editing.lock(quote_id)
    reader = Reader(values)
    typed = reader.text("key", 24)
    key = f"form-{quote.id}-{typed or secrets.token_hex(12)}"
    before: MailMessage | None = db.session.scalar(db.select(MailMessage).filter_by(key=key))
    if before is not None:
        return _sent_before(before, reader)
    if reason := blocker(quote):
        raise Invalid(f"{reason} Nothing was sent.")
    recipients = _addresses(reader, "recipients", "Enter the customer's email.")
    copies = [one for one in _addresses(reader, "copies") if one not in recipients]
    if len(recipients) + len(copies) > MOST_ADDRESSES:
        reader.fail("copies", f"Enter up to {MOST_ADDRESSES} addresses in all.")
    subject = reader.text("subject", MAX_SUBJECT, missing="Enter a subject.")
    text = reader.text("text", MAX_TEXT, missing="Enter a message.", one_line=False)
    send_at = _moment(reader, quote)
    reader.check("Nothing was sent. Fix the highlighted fields.")
    count = db.session.scalar(db.select(db.func.count(MailMessage.id)).filter_by(quote_id=quote.id)) or 0
    if count >= MOST_A_QUOTE:
        raise Invalid(f"{MOST_A_QUOTE} emails were sent for this quote, which is the most. Nothing was sent.")
    message = MailMessage(
        key=key,
        kind=mail_texts.SEND,
        quote_id=quote.id,
        author_id=actor.id,
        reply_to=actor.email,
        recipients=", ".join(recipients),
        copies=", ".join(copies),
        subject=subject,
        text=text,
        attachment=f"quote-{quote.number}.pdf" if reader.flag("attach") else "",
        message_id=new_message_id(),
        send_at=send_at or utc_now(),
    )
    return queue(actor, quote, message, later=send_at is not None)


def _sent_before(before: MailMessage, reader: Reader) -> MailMessage:
    """The email that this form became; raises Invalid if other things are in it now."""
    recipients = _addresses(reader, "recipients")
    copies = [one for one in _addresses(reader, "copies") if one not in recipients]
    subject, text = reader.text("subject", MAX_SUBJECT), reader.text("text", MAX_TEXT, one_line=False)
    said = (", ".join(recipients), ", ".join(copies), subject, text, reader.flag("attach"))
    was = (before.recipients, before.copies, before.subject, before.text, bool(before.attachment))
    typed = reader.text("send_at", 20)
    # One that was sent at once was due before it was stored.
    is_later = before.send_at > before.created_at
    is_same_time = _local(typed) == before.send_at if typed and is_later else not typed and not is_later
    if said != was or not is_same_time:
        raise Invalid(
            "This form was sent already, so this change wasn't sent. Open the quote again to send another."
        )
    return before


def queue(actor: User | None, quote: Quote, message: MailMessage, *, later: bool = False) -> MailMessage:
    """Store a message and tell the diary, whose readers include the post. In the open transaction."""
    db.session.add(message)
    db.session.flush()
    revision = quote.current_revision
    action = SENT if message.kind == mail_texts.SEND else "quote.reminded"
    when = f" at {formatting.moment(message.send_at, place.of_company())}" if later else ""
    diary.write(
        actor,
        action,
        "quote",
        quote.id,
        revision=revision.number if revision else None,
        reason=f"to {message.recipients}{when}",
        message=message.id,
    )
    return message


@work.command
def cancel(actor: User, quote_id: int, message_id: int) -> MailMessage:
    """Take back an email that waits for its time. Raises NotFound, or Invalid when it is on its way already."""
    quote = editing.lock(quote_id)
    message = records.find(MailMessage, message_id)
    if message is None or message.quote_id != quote.id:
        raise NotFound("There's no such email of this quote. Nothing was changed.")
    db.session.refresh(message, with_for_update=True)
    if message.sent_at is not None or message.handed_at is not None:
        raise Invalid("This email was sent already, so it can't be canceled.")
    if message.ended_at is None:
        message.ended_at, message.outcome = utc_now(), f"Canceled by {actor.name}."
        diary.write(actor, "quote.send_canceled", "quote", quote.id, reason=f"to {message.recipients}")
    return message


def of_quote(quote: Quote) -> list[MailMessage]:
    """The emails to the customer, newest first."""
    return list(db.session.scalars(_OF_QUOTE, {"quote_id": quote.id}))


def end_waiting(quote: Quote, sentence: str) -> int:
    """The quote's emails that wait aren't sent any more; returns how many. In the open transaction."""
    waiting = db.select(MailMessage).where(
        MailMessage.quote_id == quote.id,
        MailMessage.kind.in_((mail_texts.SEND, mail_texts.REMINDER)),
        MailMessage.handed_at.is_(None),
        MailMessage.sent_at.is_(None),
        MailMessage.ended_at.is_(None),
    )
    found = list(db.session.scalars(waiting.with_for_update()))
    for message in found:
        message.ended_at, message.outcome = utc_now(), sentence
    return len(found)


def new_message_id() -> str:
    """A Message-ID that no other mail has."""
    return f"<{secrets.token_hex(16)}@quotewright>"


def _addresses(reader: Reader, field: str, missing: str = "") -> list[str]:
    text = reader.text(field, 1000, missing=missing)
    found: list[str] = []
    for one in text.replace(";", ",").split(","):
        if not one.strip():
            continue
        try:
            address = directory.normalize_email(one.strip())
        except ValueError:
            reader.fail(field, f"“{one.strip()[:80]}” isn't an email. Separate several with commas.")
            return []
        if address not in found:
            found.append(address)
    if text and not found:
        reader.fail(field, missing)
    return found


def _local(text: str) -> datetime | None:
    """The moment of a time of the company; None where the text is none."""
    try:
        return datetime.strptime(text[:16], FORMAT).replace(tzinfo=place.of_company().zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _moment(reader: Reader, quote: Quote) -> datetime | None:
    text = reader.text("send_at", 20)
    if not text:
        return None
    moment = _local(text)
    if moment is None:
        reader.fail("send_at", "Enter a date and a time, or leave this empty to send it now.")
        return None
    live = freezing.live(quote)
    if moment <= utc_now():
        reader.fail("send_at", "This time is over. Enter a later one, or leave this empty to send it now.")
    elif moment > utc_now() + timedelta(days=MOST_DAYS_AHEAD):
        reader.fail("send_at", f"Enter a time within the next {MOST_DAYS_AHEAD} days.")
    elif live is not None and stages.has_ended(live.ends_at, moment):
        reader.fail("send_at", "The quote will have expired by then. Enter an earlier time.")
    return moment
