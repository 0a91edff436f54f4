"""The emails about one quote: what a rep or a rule sends to the customer, and what follows from the answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from webapp.models import Delivery, DiaryEntry, MailMessage, Quote, db
from webapp.models.delivery import MAIL
from webapp.models.quote import LOST
from webapp.services.company import mail_texts
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import branded, outbox, room
from webapp.services.delivery.mail import Letter
from webapp.services.payments import paying
from webapp.services.quoting.lifecycle import mail_words, sending
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions.snapshot import Snapshot

SENT, REMINDED = "quote.sent", "quote.reminded"
ANSWERS = {
    "quote.accepted": (mail_texts.ACCEPTED, mail_texts.REP_ACCEPTED),
    f"quote.{LOST}": (mail_texts.REP_DECLINED,),
}
ACTIONS = (SENT, REMINDED, *ANSWERS)
REASONS = (*outbox.WRITTEN, mail_texts.ACCEPTED, mail_texts.REP_ACCEPTED, mail_texts.REP_DECLINED)


def subscribe(entry: DiaryEntry) -> Iterable[Delivery]:
    """The mails of an entry, in the open transaction. What our own people do about an answer is mailed to nobody."""
    quote = db.session.get_one(Quote, int(entry.object_id))
    if entry.action in (SENT, REMINDED):
        message = db.session.get_one(MailMessage, entry.detail["message"])
        made = room.delivery(MAIL, message.kind, quote=quote, payload=str(message.id))
        made.not_before = message.send_at
        return [made]
    if entry.actor_id is not None:
        return []
    return [room.delivery(MAIL, kind, quote=quote) for kind in ANSWERS[entry.action]]


def blocker(delivery: Delivery) -> str:
    """Why a mail to the customer isn't sent any more; empty when it is."""
    message = outbox.written(delivery)
    if message is None or delivery.quote is None:
        return ""
    if message.ended_at is not None:
        return message.outcome or "It isn't sent any more."
    if "@" not in message.recipients:
        return "The customer was made anonymous, so there's no one to write to."
    return sending.blocker(delivery.quote)


def letter(runtime: Runtime, delivery: Delivery) -> Letter | None:
    """The mail of a delivery; None where there is no one to write to. Renders the PDF: it ends the transaction."""
    quote, base = delivery.quote, runtime.config.public_base_url
    if quote is None or quote.current_revision is None:
        return None
    frozen = mail_words.live(quote)
    message = outbox.written(delivery)
    if message is not None:
        return _finished(_written(message, quote), quote, base, frozen, mail_words.link(quote, base))
    kind = delivery.reason
    if kind == mail_texts.ACCEPTED:
        return _thanks(quote, base, frozen)
    if not quote.owner.is_active:
        return None
    name = quote.acceptance.name if quote.acceptance and kind == mail_texts.REP_ACCEPTED else ""
    more = {"link": f"{base}/quotes/{quote.id}"} | ({"customer": name} if name else {})
    filled = mail_words.fill(kind, quote, base, frozen, **more)
    made = Letter(quote.owner.email, filled.subject, filled.text, kind=kind, reply_to=_contact(frozen))
    return branded.with_html(made, branded.of_company(), filled.link)


def _written(message: MailMessage, quote: Quote) -> Letter:
    author = message.author if message.author is not None and message.author.is_active else quote.owner
    return Letter(
        message.recipients,
        message.subject,
        message.text,
        kind=message.kind,
        copies=tuple(message.copies.split(", ")) if message.copies else (),
        by=author.name,
        reply_to=author.email,
        is_automatic=message.kind == mail_texts.REMINDER,
        pdf_name=message.attachment,
        message_id=message.message_id,
    )


def _thanks(quote: Quote, base: str, frozen: Snapshot) -> Letter | None:
    acceptance = quote.acceptance
    to = (acceptance.email if acceptance else "") or _contact(frozen)
    if acceptance is None or not to:
        return None
    more = {
        "customer": acceptance.name,
        "first_name": acceptance.name,
        "deposit": paying.in_words(quote, frozen),
    }
    filled = mail_words.fill(mail_texts.ACCEPTED, quote, base, frozen, **more)
    made = Letter(
        to,
        filled.subject,
        filled.text,
        kind=mail_texts.ACCEPTED,
        by=quote.owner.name,
        reply_to=quote.owner.email,
        pdf_name=f"quote-{quote.number}.pdf",
    )
    return _finished(made, quote, base, frozen, filled.link)


def _finished(made: Letter, quote: Quote, base: str, frozen: Snapshot, link: str) -> Letter:
    """In the quote's brand, with its PDF where one is to be attached."""
    made = branded.with_html(made, branded.of_offer(frozen), link)
    return replace(made, pdf=document.newest_pdf(quote, base)) if made.pdf_name else made


def _contact(frozen: Snapshot) -> str:
    return frozen.person.email if frozen.person else ""
