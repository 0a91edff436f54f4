"""The diary's entries about published quotes, as the integrations understand them."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.models import DiaryEntry, Quote, Revision, User, db
from webapp.models.quote import ACCEPTED, FULFILLED, LOST, ORDERED
from webapp.services.diary.diary import CUSTOMER

# Events of a published quote. ``STATUS_KINDS`` follow a change of its status.
PUBLISHED, VIEWED, EXPIRED, REOPENED = "published", "viewed", "expired", "reopened"
COUNTERSIGNED = "countersigned"
STATUS_KINDS = (ACCEPTED, ORDERED, FULFILLED, LOST, REOPENED)
# By the diary's action.
KINDS = {
    **{f"quote.{kind}": kind for kind in (PUBLISHED, VIEWED, EXPIRED, ACCEPTED, ORDERED, FULFILLED, LOST)},
    f"quote.{COUNTERSIGNED}": COUNTERSIGNED,
    "quote.pending": REOPENED,
}


@dataclass(frozen=True)
class QuoteEvent:
    """An event of ``quote``; ``revision`` is what the customer saw then.

    ``kind``: a value of ``KINDS``. ``before``: the status before it. ``by``: who did it, in words.
    """

    kind: str
    quote: Quote
    revision: Revision
    before: str
    by: str


def of_entry(entry: DiaryEntry) -> QuoteEvent | None:
    """The entry as an event of a published quote; None for any other entry."""
    kind = KINDS.get(entry.action)
    if kind is None or entry.revision is None:
        return None
    quote = db.session.get_one(Quote, int(entry.object_id))
    query = db.select(Revision).filter_by(quote_id=quote.id, number=entry.revision)
    revision = db.session.scalars(query).one()
    user = db.session.get(User, entry.actor_id) if entry.actor_id else None
    by = user.name if user else entry.actor.removeprefix(CUSTOMER)
    return QuoteEvent(kind, quote, revision, before=entry.detail.get("before", quote.status), by=by)
