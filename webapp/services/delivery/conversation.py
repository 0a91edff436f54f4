"""Tell people what was written about a quote: the rep in the app and by mail, the customer and colleagues by mail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from webapp.models import (
    Delivery,
    DiaryEntry,
    Notification,
    Quote,
    QuoteComment,
    QuoteShare,
    User,
    db,
    utc_now,
)
from webapp.models.delivery import MAIL
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import branded, room
from webapp.services.delivery.branded import Said
from webapp.services.delivery.mail import Letter
from webapp.services.quoting.answer import comments, links, sharing, signers
from webapp.services.quoting.revisions import snapshot
from webapp.services.quoting.revisions.snapshot import Snapshot

# By the diary's action: the reason of the delivery.
COMMENT, ANSWER, SHARED = "comment", "answer", "shared"
REASONS = {"quote.commented": COMMENT, "quote.answered": ANSWER, "quote.shared": SHARED}
CONTACT = "contact"


@dataclass(frozen=True)
class Reader:
    """Who gets an answer: ``token`` opens the page."""

    email: str
    token: str


def subscribe(entry: DiaryEntry) -> Iterable[Delivery]:
    """The mails of an entry; a comment also notifies the rep, and an answer settles that. In the open transaction."""
    quote = db.session.get_one(Quote, int(entry.object_id))
    reason = REASONS[entry.action]
    if reason == SHARED:
        share = entry.detail["share"]
        return [room.delivery(MAIL, SHARED, quote=quote, address=f"share-{share}")]
    comment = db.session.get_one(QuoteComment, entry.detail["comment"])
    payload = str(comment.id)
    if reason == COMMENT:
        if not quote.owner.is_active:
            return []
        _notify(quote, comment)
        return [room.delivery(MAIL, COMMENT, quote=quote, payload=payload)]
    if not any(thread.is_waiting for thread in comments.for_rep(quote)):
        settled = db.update(Notification).filter_by(quote_id=quote.id, kind=COMMENT, read_at=None)
        db.session.execute(settled.values(read_at=utc_now()).execution_options(synchronize_session=False))
    written = [f"comment-{one.id}" for one in comments.readers(comment)]
    # What the rep asks first goes to the contact.
    return [
        room.delivery(MAIL, ANSWER, quote=quote, address=address, payload=payload)
        for address in written or [CONTACT]
    ]


def letter(runtime: Runtime, delivery: Delivery) -> Letter | None:
    """The mail of a delivery; None where there is no one to write to anymore."""
    quote, base = delivery.quote, runtime.config.public_base_url
    if quote is None:
        return None
    if delivery.reason == SHARED:
        share = db.session.get(QuoteShare, int(delivery.address.removeprefix("share-")))
        return _share_letter(base, quote, share) if share and share.email and share.ended_at is None else None
    comment = db.session.get(QuoteComment, int(delivery.payload))
    if comment is None:
        return None
    if delivery.reason == COMMENT:
        # Whose quote it is by now: it may have been handed over since.
        return _comment_letter(base, comment, quote.owner) if quote.owner.is_active else None
    reader = _reader(runtime, quote, comment, delivery.address)
    return _answer_letter(base, comment, reader) if reader else None


def _notify(quote: Quote, comment: QuoteComment) -> None:
    """One notification per quote while it is unread; it has the latest comment."""
    unread = db.select(Notification).filter_by(
        quote_id=quote.id, user_id=quote.owner_id, kind=COMMENT, read_at=None
    )
    notification = db.session.scalar(unread.limit(1))
    if notification is None:
        notification = Notification(user_id=quote.owner_id, quote_id=quote.id, kind=COMMENT)
        db.session.add(notification)
    about = f" about {comment.line_name}" if comment.line_name else ""
    notification.sentence = f"{comment.author}{about}: {comment.text}"
    notification.created_at = utc_now()
    db.session.flush()


def _reader(runtime: Runtime, quote: Quote, comment: QuoteComment, address: str) -> Reader | None:
    if address == CONTACT:
        live = quote.current_revision
        person = snapshot.parse(live.content).person if live else None
        return Reader(person.email, quote.public_token) if person and person.email else None
    # Asked again: the link may have been turned off since.
    wanted = int(address.removeprefix("comment-"))
    found = next((one for one in comments.readers(comment) if one.id == wanted), None)
    if found is None:
        return None
    if signer := comments.signer_of(found):
        return Reader(found.email, signers.token_of(runtime, signer))
    return Reader(found.email, found.share.token if found.share else quote.public_token)


def _name(quote: Quote) -> str:
    # As the customer knows it: the draft may have another title by now.
    return f"quote {quote.number} “{_live(quote).title}”"


def _about(comment: QuoteComment) -> str:
    return f"{comment.line_name} in {_name(comment.quote)}" if comment.line_name else _name(comment.quote)


def _comment_letter(base: str, comment: QuoteComment, owner: User) -> Letter:
    text = (
        f"{comment.author} wrote about {_about(comment)}:\n\n{comment.text}\n\n"
        f"Answer on the quote's page: {base}/quotes/{comment.quote_id}#talk\n"
    )
    return Letter(owner.email, f"{comment.author} wrote about quote {comment.quote.number}", text)


def _answer_letter(base: str, comment: QuoteComment, reader: Reader) -> Letter:
    quote = comment.quote
    owner, subject = comment.rep or quote.owner, f"{comment.author} wrote about quote {quote.number}"
    said = Said(
        subject,
        f"{comment.author} wrote about {_about(comment)}:",
        "Read and reply",
        f"{links.to_page(base, reader.token)}#talk-{comment.line_uid or 'whole'}",
        f"Or email {owner.name}: {owner.email}",
        comment.text,
    )
    return branded.letter(reader.email, subject, said, _live(quote), owner.email)


def _share_letter(base: str, quote: Quote, share: QuoteShare) -> Letter:
    by = share.shared_by or "A colleague"
    subject = f"{by} shared quote {quote.number} with you"
    said = Said(
        subject,
        f"{by} shared {_name(quote)} with you. You can {sharing.good_for(quote)} with this link, which is yours alone.",
        "Open the quote",
        links.to_page(base, share.token),
        f"Questions? Email {quote.owner.name}: {quote.owner.email}",
    )
    return branded.letter(share.email, subject, said, _live(quote), quote.owner.email)


def _live(quote: Quote) -> Snapshot:
    """What the customer sees; there is something to write about from the first revision on."""
    revision = quote.current_revision
    if revision is None:
        raise RuntimeError("A published quote must have a revision.")
    return snapshot.parse(revision.content)
