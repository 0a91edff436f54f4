"""Every email that was written, as it was or will be sent; also where no mail server is set up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp.models import Delivery, MailMessage, Notification, db, utc_now
from webapp.services.company import mail_texts
from webapp.services.company.mail_server import Server
from webapp.services.core import records, work
from webapp.services.delivery import mail
from webapp.services.delivery.mail import Letter
from webapp.services.diary import diary
from webapp.services.quoting.lifecycle import sending

NO_SERVER = "No mail server is set up, so it wasn't sent. An admin can read it in Settings > Mail > Outbox."
KEPT_FOR = timedelta(days=365)
PAGE = 50
MAX_SUBJECT = 300
KIND = "mail"
# Reasons of deliveries whose payload is an email's number.
WRITTEN = (mail_texts.SEND, mail_texts.REMINDER)
TO_CUSTOMERS = (*WRITTEN, mail_texts.ACCEPTED, mail_texts.SIGN, "answer", "shared")


@dataclass(frozen=True)
class Page:
    """``messages``: newest first. ``has_more``: there are older ones."""

    messages: list[MailMessage]
    number: int
    has_more: bool


def page(number: int) -> Page:
    """One page of the outbox, from 1."""
    query = db.select(MailMessage).order_by(MailMessage.id.desc()).offset((number - 1) * PAGE).limit(PAGE + 1)
    light = (db.joinedload(MailMessage.quote), db.defer(MailMessage.html), db.defer(MailMessage.text))
    found = list(db.session.scalars(query.options(*light)))
    return Page(found[:PAGE], number, len(found) > PAGE)


def get(message_id: int) -> MailMessage:
    """One email. Raises NotFound."""
    return records.get(
        MailMessage, message_id, "There's no such email, or it was removed because of its age."
    )


def written(delivery: Delivery) -> MailMessage | None:
    """The email that a delivery was made for: a rep or a rule wrote it; None of a notice, which is written now."""
    if delivery.reason not in WRITTEN:
        return None
    return db.session.get(MailMessage, int(delivery.payload))


@work.command
def keep(delivery: Delivery, letter: Letter, server: Server | None) -> MailMessage:
    """Store what is sent, once for all attempts of a delivery."""
    found = written(delivery) or db.session.scalar(
        db.select(MailMessage).filter_by(key=f"delivery-{delivery.id}")
    )
    if found is None:
        found = MailMessage(
            key=f"delivery-{delivery.id}",
            kind=letter.kind,
            quote_id=delivery.quote_id,
            reply_to=letter.reply_to,
            recipients=letter.to,
            copies=", ".join(letter.copies),
            subject=letter.subject[:MAX_SUBJECT],
            text=_without(letter.private, letter.text),
            attachment=letter.pdf_name,
            message_id=sending.new_message_id(),
        )
        db.session.add(found)
    found.html = _without(letter.private, letter.html)
    found.sender = mail.sender(server, letter.by) if server else letter.by
    db.session.flush()
    return found


def _without(private: str, text: str) -> str:
    return text.replace(private, "…") if private else text


class Withdrawn(Exception):
    """It was canceled, or another worker has handed it over."""


@work.command
def hand(message_id: int) -> None:
    """The server is about to take it. Raises Withdrawn, in the last moment."""
    message = db.session.get_one(MailMessage, message_id, with_for_update=True, populate_existing=True)
    if message.ended_at is not None or message.handed_at is not None:
        raise Withdrawn
    message.handed_at = utc_now()


def sent(message_id: int, refused: tuple[str, ...]) -> None:
    """The server took it, but for the addresses ``refused``. In the open transaction, with the quote locked."""
    message = get(message_id)
    action = "quote.reminder_sent" if message.kind == mail_texts.REMINDER else "quote.mail_sent"
    _write(action, message, f"to {message.recipients}")
    message.sent_at, message.outcome = utc_now(), ""
    if refused:
        message.outcome = f"The mail server refused {', '.join(refused)}."
        _tell(message, f"An email was sent, but not to everyone. {message.outcome}")


def delivered(message: MailMessage, address: str) -> bool:
    """A mail service says that the locked email arrived; False if it said so before. In the open transaction."""
    if message.delivered_at is not None:
        return False
    message.delivered_at = utc_now()
    _write("quote.mail_delivered", message, f"to {address}")
    return True


def bounced(message: MailMessage, address: str, sentence: str) -> bool:
    """A mail service says that an address of the locked email didn't get it, or doesn't want it; False if it said so
    before. In the open transaction.
    """
    if message.bounced_at is not None and f" {address} " in f" {message.outcome}":
        return False
    message.bounced_at = message.bounced_at or utc_now()
    message.outcome = f"{message.outcome} {sentence}".strip()
    _write("quote.mail_bounced", message, sentence)
    _tell(message, f"An email bounced. {sentence}")
    return True


def _write(action: str, message: MailMessage, reason: str) -> None:
    """An entry of the quote's diary, and so an event of its evidence; its quote is locked."""
    if message.quote_id is not None and message.kind in TO_CUSTOMERS:
        diary.write(None, action, "quote", message.quote_id, reason=reason)


def wait(message_id: int, sentence: str) -> None:
    """The server didn't take it, and is asked again. In the open transaction."""
    message = get(message_id)
    message.handed_at, message.outcome = None, sentence


def end(message_id: int, sentence: str, *, tell: bool = True) -> None:
    """It won't be sent, which the rep is told of unless ``tell`` is False. In the open transaction."""
    message = get(message_id)
    message.ended_at, message.outcome = utc_now(), sentence
    if tell:
        _tell(message, f"The email to {message.recipients} wasn't sent. {sentence}")


def _tell(message: MailMessage, sentence: str) -> None:
    """Notify the rep, if it was for the customer."""
    quote, author = message.quote, message.author
    if quote is None or message.kind not in TO_CUSTOMERS:
        return
    user = author if author is not None and author.is_active else quote.owner
    db.session.add(Notification(user_id=user.id, quote_id=quote.id, kind=KIND, sentence=sentence))


def tidy(now: datetime) -> None:
    """Remove what is older than a year."""
    old = db.delete(MailMessage).where(MailMessage.created_at < now - KEPT_FOR)
    db.session.execute(old.execution_options(synchronize_session=False))
