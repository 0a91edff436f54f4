"""Scheduled checks: each pushed quote once a day, a few at a time, while most of the hour's calls are unused.

Owns its transactions: no transaction is open while Autotask is asked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from redis.exceptions import RedisError

from webapp.models import Delivery, DriftCheck, Link, Quote, db, utc_now
from webapp.models.delivery import UNDER_WAY
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.api.errors import NotConnected
from webapp.services.autotask.connection import connection, stored_lists
from webapp.services.autotask.drift import check as drift_check
from webapp.services.autotask.settings import store as settings_store
from webapp.services.core import deadline, queues
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime

QUEUE = "checks"
JOB_ID = "compare-quotes"
JOB_SECONDS = 600
LISTS_TRIED = "quotewright:lists-tried"
EVERY = timedelta(hours=24)
AFTER_FAILURE = timedelta(hours=1)
# A quote that hasn't changed for this long is only checked when a person asks for it.
WATCHED_FOR = timedelta(days=180)
BATCH = 40
# Checks wait beyond this share of the hour's calls, where Autotask starts to slow down all integrations.
PLENTIFUL = 0.5

log = structlog.get_logger(__name__)


def due(now: datetime, limit: int = BATCH) -> list[Quote]:
    """Quotes that are due for a check, never checked quotes first."""
    query = _due(db.select(Quote), now).order_by(DriftCheck.tried_at.asc().nulls_first(), Quote.id)
    return list(db.session.scalars(query.limit(limit)))


def due_count(now: datetime) -> int:
    """How many quotes are due for a check."""
    return int(db.session.scalar(_due(db.select(db.func.count(Quote.id)), now)) or 0)


def compare_soon() -> int:
    """Make every pushed quote due now, except quotes unchanged for long; returns how many. Commits.

    Raises NotConnected when Autotask isn't connected.
    """
    if not connection.is_connected():
        raise NotConnected("Autotask isn't connected, so nothing can be checked. Connect it first.")
    long_ago = utc_now() - EVERY - timedelta(minutes=1)
    watched = _pushed(db.select(Quote.id)).where(Quote.updated_at > utc_now() - WATCHED_FOR)
    ids = set(db.session.scalars(watched))
    known = {row.quote_id: row for row in db.session.scalars(db.select(DriftCheck))}
    for quote_id in ids:
        if quote_id in known:
            known[quote_id].tried_at = long_ago
        else:
            db.session.add(DriftCheck(quote_id=quote_id, tried_at=long_ago))
    db.session.commit()
    return len(ids)


def _pushed(query: Any) -> Any:
    """Narrow a query to quotes that are linked to a quote in Autotask."""
    linked = db.and_(
        Link.integration == AUTOTASK,
        Link.remote_entity == "Quotes",
        Link.quote_id == Quote.id,
    )
    return query.join(Link, linked)


def _due(query: Any, now: datetime) -> Any:
    """Narrow a query to due quotes, without quotes that wait to be pushed, which would block the others."""
    long_ago = db.or_(
        db.and_(DriftCheck.quote_id.is_(None), Link.created_at < now - EVERY),
        db.and_(DriftCheck.sentence == "", DriftCheck.tried_at < now - EVERY),
        db.and_(DriftCheck.sentence != "", DriftCheck.tried_at < now - AFTER_FAILURE),
    )
    busy = db.select(Delivery.quote_id).where(Delivery.reader == AUTOTASK, Delivery.state.in_(UNDER_WAY))
    return (
        _pushed(query)
        .outerjoin(DriftCheck, DriftCheck.quote_id == Quote.id)
        .where(long_ago, Quote.updated_at > now - WATCHED_FOR, Quote.id.not_in(busy))
    )


def tick(runtime: Runtime) -> bool:
    """Queue the job when there is something to do; True when it was queued. False without Redis."""
    if not connection.is_connected():
        return False
    compares = settings_store.active().version > 0 and bool(due(utc_now(), 1))
    lists_are_stale = stored_lists.is_outdated()
    db.session.commit()
    try:
        if not compares and (not lists_are_stale or runtime.redis.exists(LISTS_TRIED)):
            return False
        queue = queues.of(runtime.redis, QUEUE)
        if JOB_ID in queue.get_job_ids():
            return False
        queue.enqueue(queues.COMPARE, job_id=JOB_ID, job_timeout=JOB_SECONDS, result_ttl=0, failure_ttl=0)
        return True
    except (RedisError, OSError) as error:
        log.warning("queue.away", error=type(error).__name__)
        return False


def compare_due(runtime: Runtime) -> int:
    """The job: refresh Autotask's lists if they are outdated, then check one batch. Returns how many quotes."""
    try:
        _keep_lists(runtime)
        quotes = due(utc_now()) if settings_store.active().version else []
        if not quotes or not _calls_are_plentiful(runtime):
            return 0
        drift_check.check_many(runtime, quotes)
        return len(quotes)
    except (ServiceError, deadline.OutOfTime) as error:
        db.session.rollback()
        log.info("drift.not_compared", sentence=str(error))
        return 0


def _keep_lists(runtime: Runtime) -> None:
    """Refresh the lists, at most once an hour: with a missing permission it would fail each time."""
    if not stored_lists.is_outdated() or not runtime.redis.set(LISTS_TRIED, 1, nx=True, ex=3600):
        return
    try:
        stored_lists.refresh(runtime)
    except ServiceError as error:
        db.session.rollback()
        log.info("lists.not_read", sentence=str(error))


def _calls_are_plentiful(runtime: Runtime) -> bool:
    client = connection.open_client(runtime)
    db.session.commit()  # no transaction is open during the call
    usage = client.threshold()
    limit = int(usage.get("externalRequestThreshold") or 0)
    return not limit or int(usage.get("currentTimeframeRequestCount") or 0) < limit * PLENTIFUL
