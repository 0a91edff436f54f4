"""Quotes that expired unanswered: nobody does anything on that day, so the sweeper tells Autotask what was set for it.

Told is a quote once for each revision, if it was pushed before, and only while its expiry is recent: a mapping that is
changed later goes to older quotes by a bulk push.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from redis.exceptions import RedisError

from webapp.models import Link, OutboxEntry, Quote, Revision, db
from webapp.models.integration import AUTOTASK
from webapp.models.quote import PENDING
from webapp.services.autotask import settings_store
from webapp.services.autotask.settings import StatusRule
from webapp.services.quoting import freezing, stages
from webapp.services.runtime import Runtime

REASON = "expired"
RECENT = timedelta(days=30)
AT_ONCE = 20
LOOKED = "quotewright:expiry:looked"
EVERY_SECONDS = 60

log = structlog.get_logger(__name__)


def sweep(runtime: Runtime) -> int:
    """Once a minute: record a push for quotes that expired; returns for how many. Commits."""
    if not _is_time(runtime):
        return 0
    told = record_due()
    if told:
        log.info("expiry.recorded", quotes=told)
    return told


def record_due() -> int:
    """Record the pushes that are due, a few at a time; returns how many. Commits."""
    settings = settings_store.active()
    if settings.version == 0 or settings.quote_status.expired == StatusRule():
        return 0
    told = 0
    for quote in _expired():
        live, revision = freezing.live(quote), quote.current_revision
        # What the customer sees decides, not a date that was changed since and not published.
        if live is None or revision is None or not stages.is_expired(live.expires_on, stages.today()):
            continue
        db.session.add(OutboxEntry(quote=quote, revision=revision, reason=REASON))
        told += 1
        if told == AT_ONCE:
            break
    db.session.commit()
    return told


def _expired() -> list[Quote]:
    """Pending quotes in Autotask that expired lately and were not told of since their newest revision."""
    today = stages.today()
    newest = (
        db.select(db.func.max(Revision.id))
        .where(Revision.quote_id == OutboxEntry.quote_id)
        .correlate(OutboxEntry)
        .scalar_subquery()
    )
    told = db.select(OutboxEntry.id).where(
        OutboxEntry.quote_id == Quote.id, OutboxEntry.reason == REASON, OutboxEntry.revision_id == newest
    )
    linked = db.select(Link.id).where(
        Link.integration == AUTOTASK,
        Link.local_type == "quote",
        Link.local_id == db.cast(Quote.id, db.String),
    )
    query = (
        db.select(Quote)
        .where(
            Quote.number.is_not(None),
            Quote.status == PENDING,
            Quote.expires_on < today,
            Quote.expires_on >= today - RECENT,
            linked.exists(),
            ~told.exists(),
        )
        .order_by(Quote.expires_on, Quote.id)
    )
    return list(db.session.scalars(query))


def _is_time(runtime: Runtime) -> bool:
    """Once a minute, whichever sweeper comes first."""
    try:
        return bool(runtime.redis.set(LOOKED, "1", nx=True, ex=EVERY_SECONDS))
    except (RedisError, OSError):
        return False
