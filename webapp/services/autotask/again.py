"""Pushing a quote once more because a person asked for it."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.models import OutboxEntry, Quote, User, db, utc_now
from webapp.models.push import RUNNING, WAITING
from webapp.services import audit, outbox
from webapp.services.autotask import holding
from webapp.services.errors import Invalid


@dataclass(frozen=True)
class Again:
    """``is_new`` False: a push was waiting or under way already, so none was added."""

    entry: OutboxEntry
    is_new: bool


def push_again(actor: User, quote: Quote, reason: str) -> Again:
    """Record a push of the newest revision. What an earlier one has done is skipped, since the plan finds it there.

    Raises Invalid for a quote that was never published. The caller nudges after this.
    """
    if quote.current_revision is None:
        raise Invalid("This quote was never published, so there is nothing to push. Publish it first.")
    latest = newest_entry(quote.id)
    if latest is not None and is_coming(quote.id):
        return Again(latest, is_new=False)
    entry = outbox.record(quote, quote.current_revision, reason)
    audit.record(actor, f"push.{reason}", "quote", quote.id)
    db.session.commit()
    return Again(entry, is_new=True)


def newest_entry(quote_id: int) -> OutboxEntry | None:
    """The quote's newest entry in the outbox."""
    query = db.select(OutboxEntry).filter_by(quote_id=quote_id).order_by(OutboxEntry.id.desc()).limit(1)
    entry: OutboxEntry | None = db.session.scalar(query)
    return entry


def is_coming(quote_id: int) -> bool:
    """True while a new entry would change nothing: one runs, or waits for its turn and not for another try."""
    entry = newest_entry(quote_id)
    if entry is None or entry.state not in (RUNNING, WAITING):
        return False
    return entry.state == RUNNING or entry.not_before <= utc_now() or holding.current() is not None
