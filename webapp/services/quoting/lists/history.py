"""The history of a quote, from the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from webapp.models import Quote, User, db
from webapp.services.core import audit

SHOWN = 30
# Actions that the audit trail calls differently, or that need more than one word.
WORDS = {
    "begun": "Created",
    "changed": "Details changed",
    "changes_discarded": "Changes discarded",
    "opportunity_chosen": "Opportunity changed",
    "pending": "Reopened",
}


@dataclass(frozen=True)
class Entry:
    """One event. ``revision`` and ``reason`` are empty where they don't apply."""

    at: datetime
    what: str
    by: str
    revision: int | None
    reason: str


def of_quote(quote: Quote) -> list[Entry]:
    """The newest events, newest first, with people's names instead of their addresses."""
    events = audit.history("quote", quote.id, limit=SHOWN)
    user_ids = {event.actor_id for event in events if event.actor_id is not None}
    users = db.session.scalars(db.select(User).where(User.id.in_(user_ids)))
    names: dict[int | None, str] = {user.id: user.name for user in users}
    return [
        Entry(
            at=event.at,
            what=_words(event.action.removeprefix("quote.")),
            by=names.get(event.actor_id, event.actor_label),
            revision=event.detail.get("revision"),
            reason=event.detail.get("reason", ""),
        )
        for event in events
    ]


def _words(action: str) -> str:
    return WORDS.get(action, action.replace("_", " ").capitalize())
