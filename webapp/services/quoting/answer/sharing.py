"""Share with a colleague: a link of their own, so that it is known who views, comments and accepts through it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from webapp.models import Quote, QuoteShare, User, db, names, utc_now
from webapp.services.core import records, work
from webapp.services.core.errors import Conflict, Invalid, NotFound
from webapp.services.core.fields import Reader
from webapp.services.diary import diary
from webapp.services.quoting.answer import acceptance, opened, turns
from webapp.services.quoting.draft import editing

# Links of one quote that work at the same time, and in all.
MOST, MOST_EVER = 10, 50
_OF_QUOTE = (
    db.select(QuoteShare).where(QuoteShare.quote_id == db.bindparam("quote_id")).order_by(QuoteShare.id)
)
NOT_YOURS = (
    "This is a link for one person, so it can't be shared. Ask {owner} to send the quote to your colleague. "
    "Nothing was sent."
)


@dataclass(frozen=True)
class Shared:
    """``is_new``: False where the colleague has a link already, which stays as it is."""

    share: QuoteShare
    is_new: bool


def of_quote(quote: Quote) -> list[QuoteShare]:
    """All links of colleagues, also those that were turned off, oldest first."""
    return list(db.session.scalars(_OF_QUOTE, {"quote_id": quote.id}))


def refused_reason(link: opened.Opened) -> str:
    """Why this page can't be shared; empty when it can."""
    owner = f"{link.quote.owner.name} ({link.quote.owner.email})"
    if link.person is not None:
        return NOT_YOURS.format(owner=owner)
    if acceptance.is_withdrawn(link.quote):
        return f"This quote was declined or withdrawn, so it can't be shared. Ask {owner}. Nothing was sent."
    return ""


def good_for(quote: Quote) -> str:
    """What a colleague can do with their link, after “can”."""
    if acceptance.closed_reason(quote):
        return "read it"
    if turns.round_of(quote).turn(None) is turns.Turn.OPEN:
        return "read it, ask questions, and accept or decline it"
    return "read it and ask questions"


@work.command
def share(token: str, values: Mapping[str, object]) -> Shared:
    """Make a link for a colleague. ``values``: ``colleague`` (the name), ``colleague_email`` (may be empty), and who
    shares (``opened.read_writer``).

    Whoever has a link already keeps it. Raises Invalid with a sentence for each wrong field, or Conflict where the
    page can't be shared.
    """
    quote = editing.lock(opened.by_token(token).quote.id)
    # Asked again, as the link may have been replaced while this waited.
    link = opened.by_token(token)
    if reason := refused_reason(link):
        raise Conflict(reason)
    reader = Reader(values)
    name = reader.text("colleague", opened.MAX_NAME, missing="Enter your colleague's name.")
    opened.check_name(reader, "colleague", name)
    email = opened.read_email(reader, "colleague_email")
    writer = opened.read_writer(reader, link)
    reader.check("Nothing was sent. Fix the highlighted fields.")
    everyone = of_quote(quote)
    working = [one for one in everyone if one.ended_at is None]
    for one in working:
        is_same = one.email.casefold() == email.casefold() if email or one.email else _alike(one.name, name)
        if is_same:
            return Shared(one, is_new=False)
    if len(working) >= MOST or len(everyone) >= MOST_EVER:
        raise Invalid(
            f"This quote is shared with {len(working)} people, and can't be shared with more. Nothing was sent. Ask "
            f"{quote.owner.name} ({quote.owner.email})."
        )
    new = QuoteShare(
        quote_id=quote.id, token=secrets.token_urlsafe(24), name=name, email=email, shared_by=writer.name
    )
    db.session.add(new)
    db.session.flush()
    live = quote.current_revision
    diary.write(
        None,
        "quote.shared",
        "quote",
        quote.id,
        label=writer.name,
        revision=live.number if live else None,
        reason=f"with {name}",
        share=new.id,
    )
    return Shared(new, is_new=True)


@work.command
def end(actor: User, quote_id: int, share_id: int) -> QuoteShare:
    """Turn a colleague's link off. What was written through it stays. Raises NotFound."""
    quote = editing.lock(quote_id)
    found = records.find(QuoteShare, share_id)
    if found is None or found.quote_id != quote.id:
        raise NotFound("There's no such link of this quote. Nothing was changed.")
    if found.ended_at is None:
        found.ended_at = utc_now()
        diary.write(actor, "quote.share_ended", "quote", quote.id, reason=f"of {found.name}", share=found.id)
    return found


def _alike(one: str, other: str) -> bool:
    return names.folded(one) == names.folded(other)
