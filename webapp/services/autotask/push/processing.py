"""Process one entry of the outbox: claim it, run the push under the quote's lease, store how it ended."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from datetime import timedelta

import structlog
from sqlalchemy.exc import DBAPIError

from webapp.models import OutboxEntry, PushRun, db, utc_now
from webapp.models.push import DONE, STOPPED
from webapp.services.autotask.connection import connection
from webapp.services.autotask.push import batches, claims, gate, journal, lease, outbox, prepare
from webapp.services.autotask.push import run as push_run
from webapp.services.autotask.push.results import AskPerson, PushResult, Retry
from webapp.services.core import records
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import notifications

RUN_GONE = "This run no longer exists."

log = structlog.get_logger(__name__)


def process(runtime: Runtime, entry_id: int) -> None:
    """Process an entry if it is still waiting. Stores every result at the entry; raises only for our database."""
    blocker = gate.current()
    if blocker is not None:
        outbox.explain_wait(entry_id, blocker.sentence)
        return
    entry = outbox.claim(entry_id)
    if entry is None:
        return
    quote_id = entry.quote_id
    try:
        token = lease.take(quote_id, f"{socket.gethostname()}:{os.getpid()}", entry.revision.number)
    except lease.NewerRevision:
        outbox.supersede(entry_id)
        return
    if token is None:
        until = utc_now() + timedelta(seconds=3)
        outbox.postpone(entry_id, "Another sync of this quote is running.", until)
        return
    outbox.supersede_older(entry_id, quote_id)
    try:
        _run(runtime, outbox.get(entry_id), token)
    except DBAPIError as error:
        # Committed work stays. The lease runs out, and the sweeper puts the entry back.
        db.session.rollback()
        log.warning("push.database_away", quote=quote_id, error=str(error.orig))
        raise
    lease.release(quote_id, token)


def warm_sql_cache(runtime: Runtime) -> None:
    """Run a push's database queries for the newest revision, and change nothing. Raises ServiceError or DBAPIError.

    SQLAlchemy caches the compiled SQL, and processes forked from this one inherit the cache.
    """
    entry = db.session.scalars(db.select(OutboxEntry).order_by(OutboxEntry.id.desc()).limit(1)).first()
    gate.current()
    outbox.due(utc_now(), limit=1)
    if entry is not None:
        desired = prepare.compile_revision(replace(runtime, offline=True), entry.quote, entry.revision)
        claims.keys_of(desired)
        journal.creates_in_doubt(entry.quote_id)
    db.session.rollback()


def _run(runtime: Runtime, entry: OutboxEntry, token: int) -> None:
    """One run under the lease, and what its result means for the entry."""
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
        result = push_run.run(runtime, run, entry.attempt)
    except lease.LeaseLost:
        db.session.rollback()
        _mark_lost(run_id)
        return
    db.session.rollback()
    if isinstance(result, Retry) and result.credentials_rejected:
        connection.mark_rejected(result.sentence)
    _end(run_id, entry_id, result)


def _close_lost_runs(quote_id: int) -> None:
    """We hold the lease, so a run of this quote that still looks running died with its worker."""
    db.session.execute(
        db.update(PushRun)
        .where(PushRun.quote_id == quote_id, PushRun.state == "running")
        .values(
            state="retrying",
            sentence="The worker stopped during this run. The next run continued from there.",
            finished_at=utc_now(),
        )
        .execution_options(synchronize_session=False)
    )


def _end(run_id: int, entry_id: int, result: PushResult) -> None:
    """Close the run and move the entry on, in one transaction that only the lease's holder can commit."""
    run = records.get(PushRun, run_id, RUN_GONE)
    try:
        lease.fence(run.quote_id, run.token)
    except lease.LeaseLost:
        _mark_lost(run_id)
        return
    run.state, run.sentence, run.finished_at = result.run_state, result.sentence, utc_now()
    if result.stored:
        run.report = result.stored
    entry = outbox.get(entry_id)
    entry.state, entry.last_error = result.entry_state, result.sentence
    if isinstance(result, Retry):
        entry.attempt += result.counts
        entry.not_before = utc_now() + timedelta(seconds=result.wait)
        if not batches.may_retry(entry):
            entry.state, entry.last_error = STOPPED, batches.NOT_STARTED
    else:
        _notify(entry, run, result)
    db.session.commit()
    log.info("push.ended", quote=entry.quote_id, state=run.state, attempt=entry.attempt)


def _notify(entry: OutboxEntry, run: PushRun, result: PushResult) -> None:
    """In the open transaction: tell people, and the entry's batch, that the push has ended."""
    if entry.state == DONE:
        notifications.settle(entry.quote_id)
    else:
        asks = isinstance(result, AskPerson)
        kind = notifications.NEEDS_YOU if asks else notifications.FAILED
        notifications.push_stopped(entry.quote, run, kind, result.sentence)
    batches.note(entry, succeeded=entry.state == DONE)


def _mark_lost(run_id: int) -> None:
    """Another worker has the lease now, and with it the entry; only this run is closed."""
    run = records.get(PushRun, run_id, RUN_GONE)
    run.state, run.sentence = "retrying", "Another worker continued this sync."
    run.finished_at = utc_now()
    db.session.commit()
