"""One attempt: claim a delivery, let its reader deliver it, store the outcome.

Owns its transactions: a delivery is claimed before it goes out, and its outcome is stored after that.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy.exc import DBAPIError

from webapp.models import Delivery, Quote, db
from webapp.models.delivery import DeliveryState
from webapp.services.company import maintenance
from webapp.services.core import clock, deadline, failpoints, metrics, tracing
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import batches, reader, room
from webapp.services.delivery.outcomes import Abandoned, Done, Outcome, Retry, Skip, Stop
from webapp.services.delivery.reader import Reader

log = structlog.get_logger(__name__)


def perform(runtime: Runtime, delivery_id: int, *, early: bool = False) -> None:
    """Deliver, if it is still waiting. Stores every outcome in the row; raises only for our database.

    ``early``: a person wants it now, even if it isn't due yet.
    """
    waiting = db.session.get(Delivery, delivery_id)
    if waiting is None or maintenance.now().is_on:
        # In maintenance nothing is written: the sweeper queues it again afterwards.
        return
    of = reader.get(waiting.reader)
    blocked = of.blocker()
    if blocked:
        _explain_wait(delivery_id, blocked)
        return
    fence = _claim(of, delivery_id, early=early)
    if fence is None:
        return
    if maintenance.asked().is_on:
        # Between the first look and the claim: whoever counts what is under way must be able to rely on it.
        _give_back(delivery_id, fence)
        return
    failpoints.reach("delivery.claimed")
    named = _named(waiting)
    with (
        structlog.contextvars.bound_contextvars(**named),
        tracing.work_of(waiting.request_id, f"deliver {of.key}", **named),
    ):
        _deliver(runtime, of, delivery_id, fence)


def _named(delivery: Delivery) -> dict[str, str | int]:
    """What every log line of the attempt says beside its own words."""
    named: dict[str, str | int | None] = {
        "request_id": delivery.request_id,
        "delivery": delivery.id,
        "quote": delivery.quote_id,
    }
    return {name: value for name, value in named.items() if value}


def _deliver(runtime: Runtime, of: Reader, delivery_id: int, fence: int) -> None:
    try:
        with metrics.timed(metrics.DELIVERY_SECONDS, of.key):
            outcome = of.deliver(runtime, db.session.get_one(Delivery, delivery_id))
    except DBAPIError as error:
        # Committed work stays; the sweeper puts the delivery back.
        db.session.rollback()
        log.warning("delivery.database_away", reader=of.key, delivery=delivery_id, error=str(error.orig))
        raise
    except deadline.OutOfTime:
        outcome = Retry("This took too long for one attempt. It continues where it stopped.", wait=1.0)
    except Exception as error:
        log.exception("delivery.bug", reader=of.key, delivery=delivery_id)
        outcome = Stop(f"The delivery failed because of a bug in Quotewright ({type(error).__name__}).")
    db.session.rollback()
    metrics.count(metrics.DELIVERIES, of.key, type(outcome).__name__.lower())
    _finish(delivery_id, fence, outcome)


def _claim(of: Reader, delivery_id: int, *, early: bool) -> int | None:
    """Take a waiting delivery by a conditional update; returns its fence, or None. Commits."""
    now = clock.now()
    statement = db.update(Delivery).where(Delivery.id == delivery_id, Delivery.state == DeliveryState.WAITING)
    if not early:
        statement = statement.where(Delivery.not_before <= now)
    taken = room.changed(
        statement.values(
            state=DeliveryState.RUNNING,
            fence=Delivery.fence + 1,
            lease_until=now + timedelta(seconds=of.claim_seconds),
            updated_at=now,
        )
    )
    fence = db.session.scalar(db.select(Delivery.fence).filter_by(id=delivery_id)) if taken else None
    db.session.commit()
    return fence


def _give_back(delivery_id: int, fence: int) -> None:
    """A claimed delivery waits again, as if nobody had taken it. Commits."""
    mine = db.update(Delivery).where(Delivery.id == delivery_id, Delivery.fence == fence)
    room.changed(mine.values(state=DeliveryState.WAITING, lease_until=None))
    db.session.commit()


def _explain_wait(delivery_id: int, sentence: str) -> None:
    """Store at a waiting delivery why it waits; it stays due and uses up no attempt. Commits."""
    room.changed(
        db.update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == DeliveryState.WAITING)
        .values(outcome=sentence)
    )
    db.session.commit()


def _finish(delivery_id: int, fence: int, outcome: Outcome) -> None:
    """Store the outcome in one transaction, unless another worker has taken the delivery since."""
    if outcome.settle is not None:
        # What is settled may concern the quote, which everyone locks first.
        of_delivery = db.select(Delivery.quote_id).filter_by(id=delivery_id).scalar_subquery()
        db.session.execute(db.select(Quote.id).where(Quote.id == of_delivery).with_for_update())
    row = db.session.get(Delivery, delivery_id, populate_existing=True, with_for_update=True)
    if row is None or row.fence != fence or row.state != DeliveryState.RUNNING:
        # Removed with its recipient, or put back and taken by another worker.
        db.session.rollback()
        return
    try:
        if outcome.settle is not None:
            outcome.settle(row)
    except Abandoned:
        db.session.rollback()
        return
    row.state, row.outcome = outcome.state, outcome.sentence
    row.attempt += outcome.counts
    row.is_asked_for, row.lease_until = False, None
    if isinstance(outcome, Retry):
        row.not_before = clock.now() + timedelta(seconds=outcome.wait)
        if not batches.may_retry(row):
            row.state, row.outcome = DeliveryState.STOPPED, batches.NOT_STARTED
    elif not isinstance(outcome, Skip):
        batches.note(row, succeeded=isinstance(outcome, Done))
    failpoints.reach("delivery.ending")
    db.session.commit()
    failpoints.reach("delivery.ended")
    log.info("delivery.ended", reader=row.reader, delivery=row.id, state=row.state, attempt=row.attempt)
