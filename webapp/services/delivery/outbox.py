"""Every email that was written, as it was or will be sent; also where no mail server is set up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp.models import Delivery, MailMessage, Notification, db, utc_now
from webapp.services.company import mail_texts
from webapp.services.company.mail_server import Server
from webapp.services.core import work
from webapp.services.core.errors import NotFound
from webapp.services.delivery import mail
from webapp.services.delivery.mail import Letter
from webapp.services.quoting.lifecycle import sending

NO_SERVER = "No mail server is set up, so it wasn't sent. An admin can read it in Settings > Mail > Outbox."
KEPT_FOR = timedelta(days=365)
PAGE = 50
KIND = "mail"
# Reasons of deliveries whose payload is an email's number.
WRITTEN = (mail_texts.SEND, mail_texts.REMINDER)


@dataclass(frozen=True)
class Page:
    """``messages``: newest first. ``has_more``: there are older ones."""

    messages: list[MailMessage]
    number: int
    has_more: bool


def page(number: int) -> Page:
    """One page of the outbox, from 1."""
    query = db.select(MailMessage).order_by(MailMessage.id.desc()).offset((number - 1) * PAGE).limit(PAGE + 1)
    found = list(db.session.scalars(query.options(db.joinedload(MailMessage.quote))))
    return Page(found[:PAGE], number, len(found) > PAGE)


def get(message_id: int) -> MailMessage:
    """One email. Raises NotFound."""
    found = db.session.get(MailMessage, message_id)
    if found is None:
        raise NotFound("There's no such email, or it was removed because of its age.")
    return found


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
            subject=letter.subject,
            text=letter.text,
            attachment=letter.pdf_name,
            message_id=sending.new_message_id(),
        )
        db.session.add(found)
    found.html = letter.html
    found.sender = mail.sender(server, letter.by) if server else letter.by
    db.session.flush()
    return found


@work.command
def hand(message_id: int) -> None:
    """The server is about to take it."""
    get(message_id).handed_at = utc_now()


def sent(message_id: int) -> None:
    """The server took it. In the open transaction."""
    message = get(message_id)
    message.sent_at, message.outcome = utc_now(), ""


def wait(message_id: int, sentence: str) -> None:
    """The server didn't take it, and is asked again. In the open transaction."""
    message = get(message_id)
    message.handed_at, message.outcome = None, sentence


def end(message_id: int, sentence: str, *, tell: bool = True) -> None:
    """It won't be sent, which the rep is told of unless ``tell`` is False. In the open transaction."""
    message = get(message_id)
    message.ended_at, message.outcome = utc_now(), sentence
    quote = message.quote
    if not tell or quote is None:
        return
    db.session.add(
        Notification(
            user_id=message.author_id or quote.owner_id,
            quote_id=quote.id,
            kind=KIND,
            sentence=f"The email to {message.recipients} wasn't sent. {sentence}",
        )
    )


def tidy(now: datetime) -> None:
    """Remove what is older than a year."""
    old = db.delete(MailMessage).where(MailMessage.created_at < now - KEPT_FOR)
    db.session.execute(old.execution_options(synchronize_session=False))
