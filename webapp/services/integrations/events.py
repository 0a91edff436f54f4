"""How the integrations learn of the quoting desk's events: from the diary."""

from __future__ import annotations

from webapp.models import DiaryEntry, Quote, Revision, User, db
from webapp.services.core.runtime import Runtime
from webapp.services.integrations import registry
from webapp.services.integrations.base import KINDS, QuoteEvent


def tell(entries: list[DiaryEntry]) -> None:
    """Let every integration write what it will send about these entries into the open transaction."""
    for entry in entries:
        event = of_entry(entry)
        if event is not None:
            for integration in registry.every():
                integration.on_quote(event)


def of_entry(entry: DiaryEntry) -> QuoteEvent | None:
    """The entry as an event of a published quote; None for any other entry."""
    kind = KINDS.get(entry.action)
    if kind is None or entry.revision is None:
        return None
    quote = db.session.get_one(Quote, int(entry.object_id))
    query = db.select(Revision).filter_by(quote_id=quote.id, number=entry.revision)
    revision = db.session.scalars(query).one()
    user = db.session.get(User, entry.actor_id) if entry.actor_id else None
    by = user.name if user else entry.actor
    return QuoteEvent(kind, quote, revision, before=entry.detail.get("before", quote.status), by=by)


def nudge(runtime: Runtime) -> None:
    """After the commit: let every integration queue its due entries."""
    for integration in registry.every():
        integration.nudge(runtime)
