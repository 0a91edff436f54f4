"""Find quotes that expired without an answer, once per revision."""

from __future__ import annotations

from datetime import datetime, timedelta

from webapp.models import Quote, Revision, db, utc_now
from webapp.models.quote import PENDING
from webapp.services.core import work
from webapp.services.core.runtime import Runtime
from webapp.services.diary import diary
from webapp.services.quoting.draft import editing, stages

AT_ONCE = 200
# Quotes that expired longer ago are skipped (after an upgrade, or when the worker was down for long).
RECENT = timedelta(days=30)


def tick(_runtime: Runtime) -> int:
    """Process the quotes that expired since the last run. Returns the number of quotes."""
    with work.unit():
        quote_ids = due(utc_now())
    return sum(expire(quote_id) for quote_id in quote_ids)


def due(now: datetime, limit: int = AT_ONCE) -> list[int]:
    """Ids of the open quotes whose newest revision recently expired and isn't processed yet."""
    newest = (
        db.select(db.func.max(Revision.number))
        .where(Revision.quote_id == Quote.id)
        .correlate(Quote)
        .scalar_subquery()
    )
    query = (
        db.select(Quote.id)
        .join(Revision, db.and_(Revision.quote_id == Quote.id, Revision.number == newest))
        .where(
            Quote.status == PENDING,
            Revision.ends_at <= now,
            Revision.ends_at > now - RECENT,
            Revision.expired_at.is_(None),
        )
        .order_by(Revision.ends_at, Quote.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


@work.command
def expire(quote_id: int) -> bool:
    """Record that the quote expired in one transaction. False when it isn't expired."""
    quote = editing.lock(quote_id)
    revision = quote.current_revision
    expired = (
        revision is not None
        and quote.status == PENDING
        and revision.expired_at is None
        and stages.has_ended(revision.ends_at, utc_now())
    )
    if revision is None or not expired:
        return False
    revision.expired_at = utc_now()
    diary.write(None, "quote.expired", "quote", quote.id, revision=revision.number)
    return True
