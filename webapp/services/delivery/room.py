"""The rows: added with their event, queued when due, put back when their worker died, deleted when old.

Redis only carries ids and may lose everything: the sweeper finds what is due in the database.

Owns its transactions: the sweeper commits what it puts back before it queues it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from redis.exceptions import RedisError
from sqlalchemy import Update
from sqlalchemy.engine import CursorResult

from webapp.models import Delivery, DiaryEntry, PushBatch, Quote, Revision, db
from webapp.models.delivery import DeliveryState
from webapp.services.company import maintenance
from webapp.services.core import clock, failpoints, metrics, work
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import jobs, reader
from webapp.services.delivery.reader import Reader

# Of batches only a few at a time, so that they hold up nothing else.
BATCHED_AT_ONCE = 4
TIDIED = "quotewright:tidied:"
# A quote's newest delivery to each reader.
_NEWEST = (
    db.select(db.func.max(Delivery.id))
    .where(Delivery.quote_id == db.bindparam("quote_id"))
    .group_by(Delivery.reader)
)
_STATUS = db.select(Delivery.reader, Delivery.state).where(Delivery.id.in_(_NEWEST))

log = structlog.get_logger(__name__)


def delivery(
    key: str,
    reason: str,
    *,
    quote: Quote | None = None,
    revision: Revision | None = None,
    address: object = "",
    uid: str | None = None,
    payload: str = "",
) -> Delivery:
    """A delivery of the reader ``key`` that is due at once; not yet in the session."""
    return Delivery(
        reader=key,
        reason=reason,
        quote_id=quote.id if quote else None,
        revision_id=revision.id if revision else None,
        address=str(address),
        uid=uid,
        payload=payload,
        not_before=clock.now(),
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
    )


def add(new: Delivery, batch: PushBatch | None = None) -> Delivery:
    """Add a delivery in the open transaction, and ring the workers after it. ``batch``: of a bulk sync."""
    new.batch = batch
    db.session.add(new)
    work.ring()
    return new


def fan_out(entries: list[DiaryEntry]) -> Callable[[], None]:
    """Ask every reader about new entries of the diary, and add their deliveries to the open transaction.

    Returns what links the deliveries to the entries, once these are stored.
    """
    pairs = [
        (add(wanted), entry)
        for entry in entries
        for each in reader.every()
        for wanted in each.subscribe(entry)
    ]

    def link() -> None:
        for wanted, entry in pairs:
            wanted.event_id = entry.id

    return link


def due(of: Reader, now: datetime, limit: int = 500) -> list[Delivery]:
    """The reader's waiting deliveries whose time has come, oldest first."""
    may_go = db.or_(of.ready(now), Delivery.is_asked_for)
    query = (
        db.select(Delivery)
        .where(
            Delivery.reader == of.key,
            Delivery.state == DeliveryState.WAITING,
            Delivery.not_before <= now,
            may_go,
        )
        .order_by(Delivery.not_before, Delivery.id)
    )
    single = query.where(Delivery.batch_id.is_(None)).limit(limit)
    batched = query.where(Delivery.batch_id.is_not(None)).limit(BATCHED_AT_ONCE)
    return [*db.session.scalars(single), *db.session.scalars(batched)]


def nudge(runtime: Runtime) -> None:
    """After a commit: queue everything that is due."""
    readers = {each.key: each for each in reader.every()}
    query = db.select(Delivery.reader).where(
        Delivery.reader.in_(readers),
        Delivery.state == DeliveryState.WAITING,
        Delivery.not_before <= clock.now(),
    )
    # Most commits have something for one of them only.
    awaited = list(db.session.scalars(query.distinct()))
    db.session.commit()
    for key in awaited:
        queue_due(runtime, readers[key])


def queue_due(runtime: Runtime, of: Reader) -> int:
    """Queue a job for each due delivery of a reader; returns how many. 0 in maintenance, and when Redis is down."""
    waiting = [] if maintenance.now().is_on or of.blocker() else due(of, clock.now())
    ids = {f"{of.key}-{entry.id}-{entry.not_before:%d%H%M%S%f}": entry.id for entry in waiting}
    db.session.commit()
    return jobs.enqueue(runtime, of.queue, ids, of.job_seconds)


def sweep(runtime: Runtime, of: Reader) -> int:
    """Put back the deliveries of dead workers, and queue everything that is due. Returns how many were queued."""
    now = clock.now()
    put_back = (
        db.update(Delivery)
        .where(
            Delivery.reader == of.key,
            Delivery.state == DeliveryState.RUNNING,
            db.or_(Delivery.lease_until.is_(None), Delivery.lease_until < now),
            db.not_(of.held(now)),
        )
        .values(
            state=DeliveryState.WAITING,
            attempt=Delivery.attempt + 1,
            not_before=now,
            lease_until=None,
            updated_at=now,
        )
    )
    recovered = changed(put_back)
    if recovered:
        metrics.count(metrics.RECOVERIES, of.key, amount=recovered)
        log.info("delivery.put_back", reader=of.key)
    db.session.commit()
    failpoints.reach("sweep.put_back")
    queued = queue_due(runtime, of)
    if _is_time_to_tidy(runtime, of):
        tidy(of, now)
    return queued


def tidy(of: Reader, now: datetime) -> None:
    """Delete the reader's deliveries that are older than it keeps them, delivered or not."""
    if of.kept_for is not None:
        old = (
            Delivery.reader == of.key,
            Delivery.created_at < now - of.kept_for,
            Delivery.state != DeliveryState.RUNNING,
        )
        db.session.execute(db.delete(Delivery).where(*old).execution_options(synchronize_session=False))
    of.tidy(now)
    db.session.commit()


def status(quote: Quote) -> dict[str, str]:
    """The state of the quote's newest delivery to each reader, by the reader's key."""
    return {row.reader: row.state for row in db.session.execute(_STATUS, {"quote_id": quote.id})}


def under_way() -> int:
    """How many deliveries are being delivered just now, but for those whose worker is gone."""
    running = db.select(db.func.count()).select_from(Delivery).filter_by(state=DeliveryState.RUNNING)
    running = running.where(Delivery.lease_until >= clock.now())
    return db.session.scalar(running) or 0


def changed(statement: Update) -> int:
    """Run an update; returns the number of rows."""
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    return result.rowcount if isinstance(result, CursorResult) else 0


def _is_time_to_tidy(runtime: Runtime, of: Reader) -> bool:
    """True once an hour, for the first sweeper that asks."""
    try:
        return bool(runtime.redis.set(TIDIED + of.key, "1", nx=True, ex=3600))
    except (RedisError, OSError):
        return False
