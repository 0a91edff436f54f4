"""Questions and comments: the customer writes on their page about a line or the whole quote, and the rep answers.

What was written stays as it is. A line keeps its uid in later revisions, and so its comments.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from webapp.models import EndedLink, Quote, QuoteComment, QuoteSigner, User, db
from webapp.models.quote import LOST, PENDING
from webapp.services.core import work
from webapp.services.core.errors import Conflict, Invalid, NotFound
from webapp.services.core.fields import Reader
from webapp.services.diary import diary
from webapp.services.quoting.answer import acceptance, opened
from webapp.services.quoting.draft import editing
from webapp.services.quoting.revisions import snapshot
from webapp.services.quoting.revisions.snapshot import Snapshot

LONGEST = 2_000
# Of one quote, the customer's and the rep's.
MOST = 200
WHOLE = ""
_OF_QUOTE = (
    db.select(QuoteComment)
    .where(QuoteComment.quote_id == db.bindparam("quote_id"))
    .options(db.joinedload(QuoteComment.rep))
    .order_by(QuoteComment.id)
)
UPDATED = (
    "This quote was updated while you wrote, so your comment wasn't sent. It's still here: look at the new version, "
    "then send it again."
)
FULL = "This quote has {count} comments, which is as many as it can have. Your comment wasn't sent. Email {owner}."


@dataclass(frozen=True)
class Thread:
    """What was said about one line, or (``line_uid`` empty) about the whole quote; oldest first.

    ``is_gone``: the line isn't in the live revision.
    """

    line_uid: str
    line_name: str
    comments: list[QuoteComment]
    is_gone: bool = False

    @property
    def is_waiting(self) -> bool:
        """True where the customer wrote last."""
        return bool(self.comments) and self.comments[-1].rep_id is None


def of_quote(quote: Quote) -> list[QuoteComment]:
    """All comments, oldest first."""
    return list(db.session.scalars(_OF_QUOTE, {"quote_id": quote.id}))


def threads(comments: Iterable[QuoteComment], uids: Collection[str]) -> list[Thread]:
    """The comments by line, in the order in which they began. ``uids``: of the lines that the offer has now."""
    by_line: dict[str, list[QuoteComment]] = {}
    for comment in comments:
        by_line.setdefault(comment.line_uid, []).append(comment)
    return [
        Thread(uid, some[-1].line_name, some, is_gone=bool(uid) and uid not in uids)
        for uid, some in by_line.items()
    ]


def counts(threads: Iterable[Thread]) -> dict[str, int]:
    """How many comments each line has, by uid."""
    return {thread.line_uid: len(thread.comments) for thread in threads}


def for_rep(quote: Quote) -> list[Thread]:
    """The threads of a quote, those that wait for an answer first, then the latest first."""
    comments = of_quote(quote) if quote.number is not None else []
    if not comments:
        return []
    live = quote.current_revision
    uids = {line.uid for line in snapshot.parse(live.content).lines} if live else set()
    found = threads(comments, uids | {line.uid for line in quote.lines})
    return sorted(found, key=lambda one: (not one.is_waiting, -one.comments[-1].id))


def closed_reason(quote: Quote, live: Snapshot) -> str:
    """Why the customer can't comment now on ``live``, and what to do; empty when they can."""
    reason = acceptance.closed_reason(quote, live)
    if not reason or quote.status == PENDING:
        return reason
    word = "declined or withdrawn" if quote.status == LOST else "accepted"
    return (
        f"This quote was {word}, so no more comments can be sent here. Email {quote.owner.name} "
        f"({quote.owner.email})."
    )


@work.command
def write(token: str, values: Mapping[str, object]) -> QuoteComment:
    """The customer comments. ``values``: ``text``, ``line`` (a uid, or empty), the ``revision`` on the screen, and who
    writes (``opened.read_writer``).

    The same text again at once is the same comment. Raises Invalid with a sentence for each wrong field, or Conflict
    when the quote is closed or was updated meanwhile.
    """
    quote = editing.lock(opened.by_token(token).quote.id)
    # Asked again, as the link may have been replaced while this waited.
    link = opened.by_token(token)
    live = _live(quote)
    if reason := closed_reason(quote, live):
        raise Conflict(f"Your comment wasn't sent. {reason}")
    if str(values.get("revision", "")) != str(live.revision):
        raise Conflict(UPDATED)
    reader = Reader(values)
    uid, name = _line(reader, quote, live)
    writer = opened.read_writer(reader, link)
    text = _text(reader, "Write your question or comment.")
    reader.check("Your comment wasn't sent. Fix the highlighted fields.")
    comment = QuoteComment(
        quote_id=quote.id,
        revision=live.revision,
        line_uid=uid,
        line_name=name,
        share_id=link.share.id if link.share else None,
        signer_id=link.signer.id if link.signer else None,
        name=writer.name,
        email=writer.email,
        text=text,
    )
    return _add(quote, comment, None, "quote.commented")


@work.command
def answer(actor: User, quote_id: int, values: Mapping[str, object]) -> QuoteComment:
    """A rep writes. ``values``: ``text`` and ``line`` (a uid, or empty). Raises Invalid with sentences."""
    quote = editing.lock(quote_id)
    if quote.current_revision is None:
        raise Invalid("This quote hasn't been published, so the customer has no page to read it on.")
    if acceptance.is_withdrawn(quote):
        raise Invalid(
            "The customer's page shows nothing of a lost quote, so your answer wasn't sent. Reopen the quote, or email "
            "the customer."
        )
    live = _live(quote)
    reader = Reader(values)
    uid, name = _line(reader, quote, live)
    text = _text(reader, "Write your answer.")
    reader.check("Your answer wasn't sent.")
    comment = QuoteComment(
        quote_id=quote.id,
        revision=live.revision,
        line_uid=uid,
        line_name=name,
        rep_id=actor.id,
        text=text,
    )
    return _add(quote, comment, actor, "quote.answered")


def readers(comment: QuoteComment) -> list[QuoteComment]:
    """Whom an answer is mailed to: of each customer who wrote in its thread with an email, the last comment.

    Only those whose link still opens the quote: what was written through a link that was replaced or turned off gets
    no mail with a new one.
    """
    of_quote = db.and_(
        QuoteComment.quote_id == EndedLink.quote_id, QuoteComment.created_at <= EndedLink.ended_at
    )
    by_time = db.select(db.func.max(QuoteComment.id)).where(of_quote).correlate(EndedLink).scalar_subquery()
    newest = db.func.max(db.func.coalesce(EndedLink.last_comment_id, by_time))
    last = db.session.scalar(db.select(newest).where(EndedLink.quote_id == comment.quote_id)) or 0
    query = db.select(QuoteComment).filter_by(quote_id=comment.quote_id, line_uid=comment.line_uid)
    query = query.where(QuoteComment.email != "", QuoteComment.id < comment.id).order_by(QuoteComment.id)
    found: dict[str, QuoteComment] = {}
    for one in db.session.scalars(query):
        if one.share is not None:
            is_open = one.share.ended_at is None
        elif one.signer_id is not None:
            is_open = signer_of(one) is not None
        else:
            is_open = one.id > last
        if is_open:
            found[one.email.casefold()] = one
    return list(found.values())


def signer_of(comment: QuoteComment) -> QuoteSigner | None:
    """The signer through whose link it was written; None for another link, or where they needn't sign any more."""
    signer = db.session.get(QuoteSigner, comment.signer_id) if comment.signer_id else None
    # SQLite gives the number of a row that was removed to the next one.
    is_same = signer is not None and (signer.quote_id, signer.email) == (comment.quote_id, comment.email)
    return signer if is_same else None


def _add(quote: Quote, comment: QuoteComment, actor: User | None, action: str) -> QuoteComment:
    before = of_quote(quote)
    last = next((one for one in reversed(before) if one.line_uid == comment.line_uid), None)
    if last is not None and _said(last) == _said(comment):
        return last
    if len(before) >= MOST:
        raise Invalid(FULL.format(count=len(before), owner=f"{quote.owner.name} ({quote.owner.email})"))
    db.session.add(comment)
    db.session.flush()
    diary.write(
        actor,
        action,
        "quote",
        quote.id,
        label=comment.name,
        revision=comment.revision,
        reason=comment.line_name,
        comment=comment.id,
    )
    return comment


def _said(comment: QuoteComment) -> tuple[object, ...]:
    return comment.rep_id, comment.share_id, comment.signer_id, comment.name, comment.text


def _live(quote: Quote) -> Snapshot:
    revision = quote.current_revision
    if revision is None:
        raise NotFound(opened.NO_SUCH_LINK)
    return snapshot.parse(revision.content)


def _line(reader: Reader, quote: Quote, live: Snapshot) -> tuple[str, str]:
    """The uid and name of the line that a form is about; of an earlier revision, if it was written about before."""
    uid = reader.raw("line")[:36]
    names = {one.line_uid: one.line_name for one in of_quote(quote)} | {
        one.uid: one.name for one in live.lines
    }
    if uid and uid not in names:
        reader.fail("text", "This line is no longer in the quote. Write about the whole quote instead.")
    return (uid, names[uid][:200]) if uid in names and uid else (WHOLE, "")


def _text(reader: Reader, missing: str) -> str:
    return reader.text("text", LONGEST, missing=missing, one_line=False)
