"""Quotes whose last good day passed without an answer: noticed once for each revision, and told."""

from __future__ import annotations

from datetime import date, timedelta

from webapp.models import Quote, Revision, db, utc_now
from webapp.models.quote import PENDING
from webapp.services.core import audit
from webapp.services.core.runtime import Runtime
from webapp.services.integrations import base, events
from webapp.services.quoting.draft import editing, stages

AT_ONCE = 200
# Older ones had their day before anybody looked (an upgrade, a worker that was away for long).
RECENT = timedelta(days=30)
NOBODY = "Quotewright"


def tick(runtime: Runtime) -> int:
    """Notice what expired since the last time and hand what follows to the workers. Returns how many quotes."""
    noticed = sum(notice(quote_id) for quote_id in due(stages.today()))
    if noticed:
        events.nudge(runtime)
    return noticed


def due(today: date, limit: int = AT_ONCE) -> list[int]:
    """Ids of the open quotes whose newest revision had its last good day lately before ``today``, not noticed yet."""
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
            Revision.expires_on < today,
            Revision.expires_on >= today - RECENT,
            Revision.expired_at.is_(None),
        )
        .order_by(Revision.expires_on, Quote.id)
        .limit(limit)
    )
    found = list(db.session.scalars(query))
    db.session.commit()
    return found


def notice(quote_id: int) -> bool:
    """Tell the integrations that the quote expired, in one transaction. False when it meanwhile did not."""
    quote = editing.lock(quote_id)
    revision = quote.current_revision
    expired = (
        revision is not None
        and quote.status == PENDING
        and revision.expired_at is None
        and stages.is_expired(revision.expires_on, stages.today())
    )
    if revision is None or not expired:
        db.session.rollback()
        return False
    revision.expired_at = utc_now()
    events.tell(base.EXPIRED, quote, revision, by=NOBODY)
    audit.record(None, "quote.expired", "quote", quote.id, revision=revision.number)
    db.session.commit()
    return True
