"""The outbox: every push is a row first; the queue only carries the row's id.

Redis may lose everything at any moment: the sweeper finds the entries that are due and the entries of dead workers.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Update
from sqlalchemy.engine import CursorResult

from webapp.models import OutboxEntry, PushLease, Quote, Revision, db, utc_now
from webapp.models.integration import AUTOTASK
from webapp.models.push import DONE, PARKED, RUNNING, STOPPED, SUPERSEDED, WAITING
from webapp.services.autotask.push import gate
from webapp.services.core import work
from webapp.services.core.runtime import Runtime
from webapp.services.integrations import jobs

QUEUE = "pushes"
JOB_SECONDS = 900
BATCHED_AT_ONCE = 4
# A worker that took an entry needs this long, at most, to take the quote's lease.
CLAIMED_SECONDS = 20

log = structlog.get_logger(__name__)


def record(quote: Quote, revision: Revision, reason: str) -> OutboxEntry:
    """Add an entry for ``revision`` in the open transaction. ``reason``: published, accepted, lost, ..."""
    entry = OutboxEntry(quote=quote, revision=revision, reason=reason, state=WAITING, not_before=utc_now())
    db.session.add(entry)
    work.ring()
    return entry


def nudge(runtime: Runtime) -> None:
    """After the commit: queue the due entries. It is no error when Redis is down; the sweeper queues them later."""
    if gate.current() is None:
        enqueue(runtime, due(utc_now()))


def due(now: datetime, limit: int = 500) -> list[OutboxEntry]:
    """Waiting entries whose time has come, oldest first. Only a few of batches, so that they hold up no other push."""
    query = (
        db.select(OutboxEntry)
        .where(OutboxEntry.state == WAITING, OutboxEntry.not_before <= now)
        .order_by(OutboxEntry.not_before, OutboxEntry.id)
    )
    single = query.where(OutboxEntry.batch_id.is_(None)).limit(limit)
    batched = query.where(OutboxEntry.batch_id.is_not(None)).limit(BATCHED_AT_ONCE)
    return [*db.session.scalars(single), *db.session.scalars(batched)]


def enqueue(runtime: Runtime, entries: list[OutboxEntry]) -> int:
    """Queue a job for each entry that has none; returns how many. 0 when Redis is down."""
    ids = {f"push-{entry.id}-{entry.attempt}": entry.id for entry in entries}
    return jobs.enqueue(runtime, AUTOTASK, QUEUE, ids, JOB_SECONDS)


def sweep(runtime: Runtime) -> int:
    """Put back the entries of dead workers, and queue everything that is due. Returns how many were queued."""
    now = utc_now()
    held = db.select(PushLease.quote_id).where(PushLease.expires_at > now)
    put_back = (
        db.update(OutboxEntry)
        .where(
            OutboxEntry.state == RUNNING,
            OutboxEntry.quote_id.not_in(held),
            OutboxEntry.updated_at < now - timedelta(seconds=CLAIMED_SECONDS),
        )
        .values(state=WAITING, attempt=OutboxEntry.attempt + 1, not_before=now)
        .execution_options(synchronize_session=False)
    )
    if _changed(put_back):
        log.info("outbox.put_back")
    db.session.commit()
    entries = due(now) if gate.current() is None else []
    db.session.commit()
    return enqueue(runtime, entries) if entries else 0


def get(entry_id: int) -> OutboxEntry:
    """The entry. Raises LookupError."""
    entry = db.session.get(OutboxEntry, entry_id)
    if entry is None:
        raise LookupError(f"outbox entry {entry_id}")
    return entry


def claim(entry_id: int) -> OutboxEntry | None:
    """Take a waiting entry by a conditional update. Commits.

    None when the entry isn't waiting, or a newer entry of the quote covers it, however far that one has come.
    """
    taken = _changed(
        db.update(OutboxEntry)
        .where(OutboxEntry.id == entry_id, OutboxEntry.state == WAITING)
        .values(state=RUNNING, updated_at=utc_now())
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    if not taken:
        return None
    entry = get(entry_id)
    newest = db.session.scalar(
        db.select(db.func.max(OutboxEntry.id)).where(
            OutboxEntry.quote_id == entry.quote_id,
            OutboxEntry.state.in_((WAITING, RUNNING, DONE, PARKED)),
        )
    )
    if newest != entry_id:
        supersede(entry_id)
        return None
    db.session.commit()
    return entry


def supersede(entry_id: int) -> None:
    """Retire an entry that a newer one covers. Commits."""
    get(entry_id).state = SUPERSEDED
    db.session.commit()


def supersede_older(entry_id: int, quote_id: int) -> None:
    """Retire the quote's older entries, those of dead workers among them: the caller holds the lease. Commits."""
    db.session.execute(
        db.update(OutboxEntry)
        .where(
            OutboxEntry.quote_id == quote_id,
            OutboxEntry.id < entry_id,
            OutboxEntry.state.in_((WAITING, RUNNING, PARKED, STOPPED)),
        )
        .values(state=SUPERSEDED)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


def explain_wait(entry_id: int, sentence: str) -> None:
    """Store at a waiting entry why it waits; it stays due and uses up no attempt. Commits."""
    db.session.execute(
        db.update(OutboxEntry)
        .where(OutboxEntry.id == entry_id, OutboxEntry.state == WAITING)
        .values(last_error=sentence)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


def postpone(entry_id: int, sentence: str, until: datetime) -> None:
    """Let a claimed entry wait again, without using up an attempt. Commits."""
    entry = get(entry_id)
    entry.state, entry.last_error, entry.not_before = WAITING, sentence, until
    db.session.commit()


def _changed(statement: Update) -> int:
    result = db.session.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0
