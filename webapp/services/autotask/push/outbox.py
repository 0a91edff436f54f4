"""The outbox: what must reach Autotask is a row first; the queue only carries its id.

Redis may lose everything at any moment: the sweeper finds what is due and what no living process holds.
"""

from __future__ import annotations

import os
import random
import socket
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import DBAPIError

from webapp.models import OutboxEntry, PushLease, PushRun, Quote, Revision, db, utc_now
from webapp.models.integration import AUTOTASK
from webapp.models.push import DONE, PARKED, RUNNING, STOPPED, SUPERSEDED, WAITING
from webapp.services.autotask.api.errors import (
    AutotaskError,
    ConnectionRefused,
    CredentialsRejected,
    NotConnected,
    Temporary,
)
from webapp.services.autotask.connection import connection
from webapp.services.autotask.push import batches, claims, gate, journal, lease, prepare
from webapp.services.autotask.push import run as push_run
from webapp.services.autotask.push.apply import StepFailed
from webapp.services.core import records
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import notifications
from webapp.services.integrations import jobs

QUEUE = "pushes"
JOB_SECONDS = 900
# After so many, an error of Autotask's own is for a person to look at. For an Autotask that is away there is no end.
MAX_ATTEMPTS = 30
BATCHED_AT_ONCE = 4

log = structlog.get_logger(__name__)


def record(quote: Quote, revision: Revision, reason: str) -> OutboxEntry:
    """Add the wish to push ``revision`` to the open transaction. ``reason``: published, accepted, lost, ..."""
    entry = OutboxEntry(quote=quote, revision=revision, reason=reason, state=WAITING, not_before=utc_now())
    db.session.add(entry)
    return entry


def nudge(runtime: Runtime) -> None:
    """After the commit: hand what is due to the workers. Redis being down is no error; the sweeper comes by."""
    if gate.current() is None:
        enqueue(runtime, due(utc_now()))


def due(now: datetime, limit: int = 500) -> list[OutboxEntry]:
    """Waiting entries whose time has come, the oldest first; of batches a few, so that nobody waits behind one."""
    query = (
        db.select(OutboxEntry)
        .where(OutboxEntry.state == WAITING, OutboxEntry.not_before <= now)
        .order_by(OutboxEntry.not_before, OutboxEntry.id)
    )
    alone = query.where(OutboxEntry.batch_id.is_(None)).limit(limit)
    batched = query.where(OutboxEntry.batch_id.is_not(None)).limit(BATCHED_AT_ONCE)
    return [*db.session.scalars(alone), *db.session.scalars(batched)]


def enqueue(runtime: Runtime, entries: list[OutboxEntry]) -> int:
    """Queue a job for each entry that has none waiting; returns how many. 0 when Redis is away."""
    ids = {f"push-{entry.id}-{entry.attempt}": entry.id for entry in entries}
    return jobs.enqueue(runtime, AUTOTASK, QUEUE, ids, JOB_SECONDS)


def sweep(runtime: Runtime) -> int:
    """Put back what a dead worker held, and queue everything that is due. Returns how many were queued."""
    now = utc_now()
    holders = db.select(PushLease.quote_id).where(PushLease.expires_at > now)
    put_back = (
        db.update(OutboxEntry)
        .where(
            OutboxEntry.state == RUNNING,
            OutboxEntry.quote_id.not_in(holders),
            OutboxEntry.updated_at < now - timedelta(seconds=20),
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


def warm_sql_cache(runtime: Runtime) -> None:
    """Ask the database what a push asks it, for the newest revision, and change nothing.

    So a process knows how, and those that it forks need not each find out. Raises ServiceError or DBAPIError.
    """
    entry = db.session.scalars(db.select(OutboxEntry).order_by(OutboxEntry.id.desc()).limit(1)).first()
    gate.current()
    due(utc_now(), limit=1)
    if entry is not None:
        desired = prepare.compile_revision(replace(runtime, offline=True), entry.quote, entry.revision)
        claims.keys_of(desired)
        journal.creates_in_doubt(entry.quote_id)
    db.session.rollback()


def process(runtime: Runtime, entry_id: int) -> None:
    """Do one entry, if it is still to be done. Never raises for what a push may meet; the entry says what it met."""
    hold = gate.current()
    if hold is not None:
        _hold_back(entry_id, hold.sentence)
        return
    entry = _claim(entry_id)
    if entry is None:
        return
    quote_id = entry.quote_id
    token = lease.take(quote_id, f"{socket.gethostname()}:{os.getpid()}")
    if token is None:
        _put_off(
            _entry(entry_id), "Another push of this quote is under way.", utc_now() + timedelta(seconds=3)
        )
        return
    try:
        _run(runtime, _entry(entry_id), token)
    except DBAPIError as error:
        log.warning("push.database_away", quote=quote_id, error=str(error.orig))
        raise
    lease.release(quote_id, token)


def _entry(entry_id: int) -> OutboxEntry:
    entry = db.session.get(OutboxEntry, entry_id)
    if entry is None:
        raise LookupError(f"outbox entry {entry_id}")
    return entry


def _claim(entry_id: int) -> OutboxEntry | None:
    """Take the entry by a conditional update, move it to the quote's newest revision, retire the older ones."""
    now = utc_now()
    taken = _changed(
        db.update(OutboxEntry)
        .where(OutboxEntry.id == entry_id, OutboxEntry.state == WAITING)
        .values(state=RUNNING, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    if not taken:
        return None
    entry = _entry(entry_id)
    newest = db.session.scalar(
        db.select(db.func.max(OutboxEntry.id)).where(
            OutboxEntry.quote_id == entry.quote_id, OutboxEntry.state.in_((WAITING, RUNNING))
        )
    )
    if newest != entry_id:
        # A newer wish of the same quote covers this one.
        entry.state = SUPERSEDED
        db.session.commit()
        return None
    db.session.execute(
        db.update(OutboxEntry)
        .where(
            OutboxEntry.quote_id == entry.quote_id,
            OutboxEntry.id < entry_id,
            OutboxEntry.state.in_((WAITING, PARKED, STOPPED)),
        )
        .values(state=SUPERSEDED)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return entry


def _hold_back(entry_id: int, sentence: str) -> None:
    """Say at the entry why it waits. It stays due, and its attempts are not used up."""
    db.session.execute(
        db.update(OutboxEntry)
        .where(OutboxEntry.id == entry_id, OutboxEntry.state == WAITING)
        .values(last_error=sentence)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


def _run(runtime: Runtime, entry: OutboxEntry, token: int) -> None:
    """One run under the lease, and what follows from its end for the entry."""
    run = PushRun(
        quote_id=entry.quote_id,
        revision_id=entry.revision_id,
        outbox_entry_id=entry.id,
        token=token,
        state="running",
    )
    _close_lost_runs(run.quote_id)
    db.session.add(run)
    db.session.commit()
    run_id, entry_id = run.id, entry.id
    try:
        report = push_run.run(runtime, run)
    except lease.LeaseLost:
        db.session.rollback()
        _lost(run_id)
    except push_run.NeedsPerson as error:
        db.session.rollback()
        fixes = [[problem.sentence, *problem.fix] for problem in error.problems]
        _end(run_id, entry_id, "needs_you", str(error), PARKED, report={"problems": fixes})
    except push_run.OthersFirst as error:
        db.session.rollback()
        _end(run_id, entry_id, "retrying", str(error), WAITING, wait=2, counts=False)
    except (NotConnected, ConnectionRefused) as error:
        db.session.rollback()
        _end(run_id, entry_id, "retrying", str(error), WAITING, wait=20, counts=False)
    except (StepFailed, AutotaskError, ServiceError) as error:
        db.session.rollback()
        _failed(run_id, entry_id, error)
    except DBAPIError:
        # The database went away. What was committed stands; the lease runs out and the sweeper starts anew.
        db.session.rollback()
        raise
    except Exception as error:
        db.session.rollback()
        log.exception("push.broke", quote=entry.quote_id)
        _end(
            run_id, entry_id, "failed", f"The push met an error of our own ({type(error).__name__}).", PARKED
        )
    else:
        state = "amber" if report.differences else "synced"
        _end(run_id, entry_id, state, " ".join(report.differences), DONE, report=report.as_json())


def _close_lost_runs(quote_id: int) -> None:
    """Who holds the lease knows that no other run of the quote goes on, so one that looks so died with its worker."""
    db.session.execute(
        db.update(PushRun)
        .where(PushRun.quote_id == quote_id, PushRun.state == "running")
        .values(
            state="retrying",
            sentence="The worker that made it was lost. The next run went on from there.",
            finished_at=utc_now(),
        )
        .execution_options(synchronize_session=False)
    )


def _failed(run_id: int, entry_id: int, error: Exception) -> None:
    cause = error.cause if isinstance(error, StepFailed) else error
    if isinstance(cause, CredentialsRejected):
        connection.mark_rejected(str(cause))
        _end(run_id, entry_id, "retrying", str(cause), WAITING, wait=20)
    elif isinstance(cause, Temporary) and (cause.is_away or _entry(entry_id).attempt < MAX_ATTEMPTS):
        wait = max(_backoff(_entry(entry_id).attempt), cause.retry_after)
        _end(run_id, entry_id, "retrying", str(error), WAITING, wait=wait)
    else:
        _end(run_id, entry_id, "failed", str(error), PARKED)


def _end(
    run_id: int,
    entry_id: int,
    run_state: str,
    sentence: str,
    entry_state: str,
    *,
    wait: float = 0,
    counts: bool = True,
    report: object = None,
) -> None:
    """Close the run and move the entry on, in one transaction, which only the lease's holder may commit.

    ``counts``: the next try waits longer than this one did.
    """
    run = records.get(PushRun, run_id, "This run is not there any more.")
    try:
        lease.fence(run.quote_id, run.token)
    except lease.LeaseLost:
        _lost(run_id)
        return
    run.state, run.sentence, run.finished_at = run_state, sentence, utc_now()
    if isinstance(report, dict):
        run.report = report
    entry = _entry(entry_id)
    entry.state, entry.last_error = entry_state, sentence
    if entry_state == WAITING:
        entry.attempt += counts
        entry.not_before = utc_now() + timedelta(seconds=wait)
        if not batches.may_retry(entry):
            entry.state, entry.last_error = STOPPED, batches.NOT_MADE
    else:
        _tell(entry, run, sentence)
    db.session.commit()
    log.info("push.ended", quote=entry.quote_id, state=run_state, attempt=entry.attempt)


def _tell(entry: OutboxEntry, run: PushRun, sentence: str) -> None:
    """In the open transaction: let people, and the batch, know that the push came to its end."""
    if entry.state == DONE:
        notifications.settle(entry.quote_id)
    else:
        asks = run.state == "needs_you"
        kind = notifications.NEEDS_YOU if asks else notifications.FAILED
        notifications.push_stopped(entry.quote, run, kind, sentence)
    batches.note(entry, went_well=entry.state == DONE)


def _lost(run_id: int) -> None:
    """Another worker has the lease now, and the entry with it; this run only says so of itself."""
    run = records.get(PushRun, run_id, "This run is not there any more.")
    run.state, run.sentence, run.finished_at = "retrying", "Another worker took this push over.", utc_now()
    db.session.commit()


def _put_off(entry: OutboxEntry, sentence: str, until: datetime) -> None:
    entry.state, entry.last_error, entry.not_before = WAITING, sentence, until
    db.session.commit()


def _backoff(attempt: int) -> float:
    """Seconds until the next attempt: doubling from 2 to 600, with jitter."""
    return float(min(600, 2 ** min(attempt + 1, 10)) * (0.75 + random.random() / 2))  # noqa: S311  no secret


def _changed(statement: Update) -> int:
    result = db.session.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0
