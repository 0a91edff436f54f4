"""A push as a delivery: run it under the quote's lease, and store its run together with its outcome."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from functools import partial

import structlog

from webapp.models import Delivery, PushRun, Quote, Revision, db, utc_now
from webapp.models.delivery import UNDER_WAY, DeliveryState
from webapp.models.integration import AUTOTASK
from webapp.models.push import RunState
from webapp.services.autotask.connection import connection
from webapp.services.autotask.known import siblings
from webapp.services.autotask.push import claims, gate, journal, lease, prepare
from webapp.services.autotask.push import run as push_run
from webapp.services.autotask.push.results import Done, PushResult, Retry
from webapp.services.core import failpoints, records
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import room
from webapp.services.delivery.outcomes import Abandoned, Outcome, Skip
from webapp.services.delivery.outcomes import Retry as TryAgain
from webapp.services.diary import diary

RUN_GONE = "This run no longer exists."
COVERED = "A newer sync of this quote covers it."

log = structlog.get_logger(__name__)


def delivery(quote: Quote, revision: Revision, reason: str) -> Delivery:
    """A push of ``revision``, not yet in the session. ``reason``: published, accepted, lost, ..."""
    return room.delivery(AUTOTASK, reason, quote=quote, revision=revision)


def of_ruler(quote: Quote, during: int | None = None) -> Delivery | None:
    """A push of the quote that rules the opportunity of ``quote`` now, not yet in the session.

    None when Autotask has it as the primary one already, and when a push of it is on its way. ``during``: the id of a
    delivery that is ending.
    """
    ruling = siblings.not_told(quote)
    if ruling is None or ruling.current_revision is None:
        return None
    coming = db.select(Delivery.id).where(
        Delivery.reader == AUTOTASK, Delivery.quote_id == ruling.id, Delivery.state.in_(UNDER_WAY)
    )
    if during is not None:
        coming = coming.where(Delivery.id != during)
    if db.session.scalar(coming.limit(1)) is not None:
        return None
    return delivery(ruling, ruling.current_revision, "rules now")


def push(runtime: Runtime, row: Delivery) -> Outcome:
    """Run the push of a claimed delivery. Raises DBAPIError for our database; what was committed stays.

    Only the newest delivery of a quote is worth a push: it brings Autotask to everything before it.
    """
    if _is_covered(row):
        return Skip(COVERED)
    quote_id, delivery_id = _quote_id(row), row.id
    revision = row.revision
    assert revision is not None  # noqa: S101  a push is always of a revision
    try:
        token = lease.take(quote_id, f"{socket.gethostname()}:{os.getpid()}", revision.number)
    except lease.NewerRevision:
        return Skip(COVERED)
    if token is None:
        return TryAgain("Another sync of this quote is running.", wait=3.0, counts=False)
    failpoints.reach("push.leased")
    _supersede_older(delivery_id, quote_id)
    return _run(runtime, db.session.get_one(Delivery, delivery_id), token)


def _quote_id(row: Delivery) -> int:
    assert row.quote_id is not None  # noqa: S101  a push is always of a quote
    return row.quote_id


def _is_covered(row: Delivery) -> bool:
    """True when a newer push of the quote exists, however far it has come."""
    newest: int | None = db.session.scalar(
        db.select(db.func.max(Delivery.id)).where(
            Delivery.reader == AUTOTASK,
            Delivery.quote_id == row.quote_id,
            Delivery.state.not_in((DeliveryState.SUPERSEDED, DeliveryState.STOPPED)),
        )
    )
    return newest != row.id


def _supersede_older(delivery_id: int, quote_id: int) -> None:
    """Retire the quote's older pushes, those of dead workers among them: the caller holds the lease. Commits."""
    ended = (DeliveryState.DONE, DeliveryState.SUPERSEDED)
    room.changed(
        db.update(Delivery)
        .where(
            Delivery.reader == AUTOTASK,
            Delivery.quote_id == quote_id,
            Delivery.id < delivery_id,
            Delivery.state.not_in(ended),
        )
        .values(state=DeliveryState.SUPERSEDED, outcome=COVERED)
    )
    db.session.commit()


def warm_sql_cache(runtime: Runtime) -> None:
    """Run a push's database queries for the newest revision, and change nothing. Raises ServiceError or DBAPIError.

    SQLAlchemy caches the compiled SQL, and processes forked from this one inherit the cache.
    """
    query = db.select(Delivery).filter_by(reader=AUTOTASK).order_by(Delivery.id.desc()).limit(1)
    row = db.session.scalars(query).first()
    gate.current()
    if row is not None and row.quote is not None and row.revision is not None:
        desired = prepare.compile_revision(replace(runtime, offline=True), row.quote, row.revision)
        claims.keys_of(desired)
        journal.creates_in_doubt(row.quote.id)
    db.session.rollback()


def _run(runtime: Runtime, row: Delivery, token: int) -> Outcome:
    """One run under the lease. Its record is closed, and the lease released, together with the delivery."""
    run = PushRun(
        quote_id=row.quote_id,
        revision_id=row.revision_id,
        delivery_id=row.id,
        token=token,
        state=RunState.RUNNING,
    )
    attempt = row.attempt
    _close_lost_runs(run.quote_id)
    db.session.add(run)
    db.session.commit()
    run_id = run.id
    failpoints.reach("push.started")
    try:
        result = push_run.run(runtime, run, attempt)
    except lease.LeaseLost:
        db.session.rollback()
        _mark_lost(run_id)
        return TryAgain(settle=_abandon)
    db.session.rollback()
    if isinstance(result, Retry) and result.credentials_rejected:
        connection.mark_rejected(result.sentence)
    return result.outcome(partial(_settle, run_id, result))


def _abandon(_row: Delivery) -> None:
    raise Abandoned


def _close_lost_runs(quote_id: int) -> None:
    """We hold the lease, so a run of this quote that still looks running died with its worker."""
    room.changed(
        db.update(PushRun)
        .where(PushRun.quote_id == quote_id, PushRun.state == RunState.RUNNING)
        .values(
            state=RunState.RETRYING,
            sentence="The worker stopped during this run. The next run continued from there.",
            finished_at=utc_now(),
        )
    )


def _settle(run_id: int, result: PushResult, row: Delivery) -> None:
    """Close the run and release the lease, in the delivery's transaction, which only the lease's holder can commit."""
    run = records.get(PushRun, run_id, RUN_GONE)
    try:
        lease.end(run.quote_id, run.token)
    except lease.LeaseLost:
        _mark_lost(run_id)
        raise Abandoned from None
    run.state, run.sentence, run.finished_at = result.run_state, result.sentence, utc_now()
    if result.stored:
        run.report = result.stored
    if isinstance(result, Done):
        # Which quote rules may have changed since this push was compiled, and nobody else may know.
        ruling = of_ruler(run.quote, row.id)
        if ruling is not None:
            room.add(ruling)
    if not isinstance(result, Retry):
        action = f"quote.sync_{run.state}"
        number = run.revision.number
        diary.write(None, action, "quote", run.quote_id, revision=number, run=run.id, reason=result.sentence)
    log.info("push.ended", quote=run.quote_id, state=run.state)


def _mark_lost(run_id: int) -> None:
    """Another worker has the lease now, and with it the delivery; only this run is closed."""
    run = records.get(PushRun, run_id, RUN_GONE)
    run.state, run.sentence = RunState.RETRYING, "Another worker continued this sync."
    run.finished_at = utc_now()
    db.session.commit()
