"""The emails about one quote: what a rep or a rule sends to the customer, and what follows from the answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from webapp.models import (
    Acceptance,
    Delivery,
    DiaryEntry,
    MailMessage,
    Notification,
    Quote,
    QuoteSigner,
    Signature,
    User,
    db,
)
from webapp.models.delivery import MAIL
from webapp.models.quote import LOST
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.company import mail_texts
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import branded, outbox, room
from webapp.services.delivery.mail import Letter
from webapp.services.payments import paying
from webapp.services.quoting.answer import codes, links, signers, turns
from webapp.services.quoting.lifecycle import mail_words, sending
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions.snapshot import Snapshot

SENT, REMINDED = "quote.sent", "quote.reminded"
ASKED, SIGNED, ACCEPTED = "quote.sign_asked", "quote.signed", "quote.accepted"
COUNTERSIGNED, CODE_SENT = "quote.countersigned", "quote.code_sent"
DECLINED = f"quote.{LOST}"
ACTIONS = (SENT, REMINDED, ASKED, CODE_SENT, SIGNED, ACCEPTED, COUNTERSIGNED, DECLINED)
TO_REP = (mail_texts.REP_ACCEPTED, mail_texts.REP_DECLINED, mail_texts.REP_SIGNED, mail_texts.COUNTERSIGN)
CODE = "code"
REASONS = (*outbox.WRITTEN, mail_texts.ACCEPTED, mail_texts.SIGN, CODE, *TO_REP)
# Before the number of a signature, or a signer, to whom a mail goes.
OF_SIGNATURE, OF_SIGNER = "signature-", "signer-"


def subscribe(entry: DiaryEntry) -> Iterable[Delivery]:
    """The mails of an entry, in the open transaction. What our own people do about an answer is mailed to nobody."""
    quote = db.session.get_one(Quote, int(entry.object_id))
    if entry.action in (SENT, REMINDED):
        message = db.session.get_one(MailMessage, entry.detail["message"])
        made = room.delivery(MAIL, message.kind, quote=quote, payload=str(message.id))
        made.not_before = message.send_at
        return [made]
    if entry.action == ASKED:
        # What the product notes itself is about a mail that was sent.
        return [_to_signer(quote, entry.detail["signer"])] if entry.actor_id is not None else []
    if entry.action == CODE_SENT:
        return [room.delivery(MAIL, CODE, quote=quote, payload=str(entry.detail["code"]))]
    if entry.action == COUNTERSIGNED:
        return _copies(quote)
    if entry.actor_id is not None:
        return []
    if entry.action == SIGNED:
        payload = str(entry.detail["signature"])
        asks = [_to_signer(quote, signer_id) for signer_id in entry.detail.get("asks", ())]
        return [room.delivery(MAIL, mail_texts.REP_SIGNED, quote=quote, payload=payload), *asks]
    if entry.action == DECLINED:
        return [room.delivery(MAIL, mail_texts.REP_DECLINED, quote=quote)]
    is_waiting = quote.acceptance is not None and quote.acceptance.is_waiting
    kind = mail_texts.COUNTERSIGN if is_waiting else mail_texts.REP_ACCEPTED
    others = _tell_countersigners(quote) if is_waiting else _copies(quote)
    return [*others, room.delivery(MAIL, kind, quote=quote)]


def _to_signer(quote: Quote, signer_id: int) -> Delivery:
    return room.delivery(MAIL, mail_texts.SIGN, quote=quote, address=f"{OF_SIGNER}{signer_id}")


def note_sent(delivery: Delivery) -> None:
    """In the open transaction, with the quote locked: a signer whom no rep asked got the mail, so they were asked."""
    if delivery.reason != mail_texts.SIGN or delivery.quote is None:
        return
    entry = db.session.get(DiaryEntry, delivery.event_id) if delivery.event_id else None
    signer = _signer(delivery.quote, delivery.address)
    if entry is not None and entry.action == SIGNED and signer is not None:
        signers.note_asked(delivery.quote, signer, None)


def _signer(quote: Quote, address: str) -> QuoteSigner | None:
    """Whom a mail with the signer's link goes to; None where they needn't sign any more."""
    signer = db.session.get(QuoteSigner, int(address.removeprefix(OF_SIGNER)))
    # SQLite gives the number of a signer who was removed to another one.
    return signer if signer is not None and signer.quote_id == quote.id else None


def _tell_countersigners(quote: Quote) -> list[Delivery]:
    """Whoever may countersign hears of it in the app, and by mail besides the rep, who perhaps may not."""
    may = db.select(User).where(User.is_active, User.role.in_(permissions.roles_with(Permission.MANAGE)))
    people = list(db.session.scalars(may.order_by(User.id)))
    sentence = "The customer signed, and our countersignature is missing. The signed PDF waits for it."
    db.session.add_all(
        Notification(user_id=user.id, quote_id=quote.id, kind=mail_texts.COUNTERSIGN, sentence=sentence)
        for user in people
    )
    return [
        room.delivery(MAIL, mail_texts.COUNTERSIGN, quote=quote, address=user.id)
        for user in people
        if user.id != quote.owner_id
    ]


def _copies(quote: Quote) -> list[Delivery]:
    """The signed PDF to everyone at the customer who signed."""
    acceptance = quote.acceptance
    if acceptance is None:
        return []
    signed = ["", *(f"{OF_SIGNATURE}{one.id}" for one in acceptance.earlier)]
    # What a rep recorded was signed by those alone who did so before.
    addresses = signed if acceptance.is_signed else signed[1:]
    return [room.delivery(MAIL, mail_texts.ACCEPTED, quote=quote, address=address) for address in addresses]


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
        return _finished(_written(message, quote), quote, runtime, frozen, mail_words.link(quote, base))
    kind = delivery.reason
    if kind == mail_texts.ACCEPTED:
        return _thanks(runtime, quote, frozen, delivery.address)
    if kind == CODE:
        return _code(quote, frozen, int(delivery.payload))
    if kind == mail_texts.SIGN:
        return _ask(runtime, quote, frozen, delivery.address)
    to = db.session.get(User, int(delivery.address)) if delivery.address.isdecimal() else quote.owner
    if to is None or not to.is_active:
        return None
    name = _who(quote, delivery)
    more = {"link": f"{base}/quotes/{quote.id}"} | ({"customer": name} if name else {})
    filled = mail_words.fill(kind, quote, base, frozen, **more)
    made = Letter(to.email, filled.subject, filled.text, kind=kind, reply_to=_contact(frozen))
    return branded.with_html(made, branded.of_offer(frozen), filled.link)


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


def _who(quote: Quote, delivery: Delivery) -> str:
    """Who signed, in a mail to the rep; empty where it's the customer."""
    if delivery.reason == mail_texts.REP_SIGNED:
        signature = db.session.get(Signature, int(delivery.payload))
        return signature.name if signature else ""
    if delivery.reason in (mail_texts.REP_ACCEPTED, mail_texts.COUNTERSIGN) and quote.acceptance:
        return quote.acceptance.names
    return ""


def _ask(runtime: Runtime, quote: Quote, frozen: Snapshot, address: str) -> Letter | None:
    """The mail with the signer's own link; None where they aren't asked any more."""
    signer = _signer(quote, address)
    if (
        signer is None
        or "@" not in signer.email
        or sending.blocker(quote)
        or turns.round_of(quote).turn(signer) is not turns.Turn.OPEN
    ):
        return None
    link = _link_of(runtime, signer)
    filled = mail_words.fill(
        mail_texts.SIGN,
        quote,
        runtime.config.public_base_url,
        frozen,
        customer=signer.name,
        first_name=mail_words.first_name(signer.name, signer.email, frozen),
        link=link,
    )
    made = Letter(
        signer.email,
        filled.subject,
        filled.text,
        kind=mail_texts.SIGN,
        by=quote.owner.name,
        reply_to=quote.owner.email,
        private=link.rsplit("/", 1)[-1],
    )
    return _finished(made, quote, runtime, frozen, link)


def _code(quote: Quote, frozen: Snapshot, code_id: int) -> Letter | None:
    """The digits, made now; None where they aren't wanted any more."""
    made = codes.new_code(code_id)
    if made is None:
        return None
    row, digits = made
    shown = f"{digits[:3]} {digits[3:]}"
    letter = Letter(
        row.email,
        f"{shown} is your code for quote {quote.number}",
        f"Your code to sign quote {quote.number} “{frozen.title}”:\n\n{shown}\n\nEnter it on the page where you asked "
        "for it. It works for 10 minutes.\n\nIf you didn't ask for it, do nothing: without the code no one can sign "
        "with your email.\n",
        kind=CODE,
        reply_to=quote.owner.email,
        is_secret=True,
        is_automatic=True,
    )
    return branded.with_html(letter, branded.of_offer(frozen))


def _link_of(runtime: Runtime, signer: QuoteSigner) -> str:
    return links.to_page(runtime.config.public_base_url, signers.token_of(runtime, signer))


def _thanks(runtime: Runtime, quote: Quote, frozen: Snapshot, address: str) -> Letter | None:
    base, acceptance = runtime.config.public_base_url, quote.acceptance
    record: Acceptance | Signature | None = acceptance
    if address.startswith(OF_SIGNATURE):
        record = db.session.get(Signature, int(address.removeprefix(OF_SIGNATURE)))
    to = (record.email if record else "") or ("" if address else _contact(frozen))
    if record is None or acceptance is None or not to:
        return None
    signer = db.session.get(QuoteSigner, record.signer_id) if record.signer_id else None
    link = _link_of(runtime, signer) if signer else mail_words.link(quote, base)
    more = {
        "customer": record.name,
        "first_name": mail_words.first_name(record.name, to, frozen),
        "link": link,
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
    return _finished(made, quote, runtime, frozen, filled.link)


def _finished(made: Letter, quote: Quote, runtime: Runtime, frozen: Snapshot, link: str) -> Letter:
    """In the quote's brand, with its PDF where one is to be attached."""
    made = branded.with_html(made, branded.of_offer(frozen), link)
    return replace(made, pdf=document.newest_pdf(quote, runtime)) if made.pdf_name else made


def _contact(frozen: Snapshot) -> str:
    return frozen.person.email if frozen.person else ""
