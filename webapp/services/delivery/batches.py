"""Batches: pushes that were started together. When too many in a row fail, the rest isn't started."""

from __future__ import annotations

from webapp.models import Delivery, PushBatch, db
from webapp.models.delivery import DeliveryState
from webapp.services.core import work
from webapp.services.core.errors import NotFound

RUNNING, STOPPED = "running", "stopped"
NOT_STARTED = "Not started, because the bulk sync was stopped. Sync again when the cause is fixed."


def note(delivery: Delivery, *, succeeded: bool) -> None:
    """Count the end of a delivery in its batch, if it has one, and stop a batch that failed too often.

    In the open transaction.
    """
    if delivery.batch_id is None:
        return
    batch = _locked(delivery.batch_id)
    batch.failures = 0 if succeeded else batch.failures + 1
    if batch.state == RUNNING and batch.failures >= batch.stop_after:
        many = f"{batch.failures} syncs in a row" if batch.failures > 1 else "one sync"
        stop(
            batch,
            f"Stopped after {many} failed or needed an answer. The last error: {delivery.outcome}",
        )


def may_retry(delivery: Delivery) -> bool:
    """False when the batch was stopped while the delivery was running."""
    return delivery.batch_id is None or _locked(delivery.batch_id).state == RUNNING


@work.command
def stop_by_hand(batch_id: int, name: str) -> None:
    """Start no further push of the batch; running pushes finish."""
    batch = _locked(batch_id)
    if batch.state == RUNNING:
        stop(batch, f"Stopped by {name}.")


def stop(batch: PushBatch, sentence: str) -> None:
    """Stop the batch and its waiting entries, in the open transaction."""
    batch.state, batch.sentence = STOPPED, sentence
    db.session.execute(
        db.update(Delivery)
        .where(Delivery.batch_id == batch.id, Delivery.state == DeliveryState.WAITING)
        .values(state=DeliveryState.STOPPED, outcome=NOT_STARTED)
        .execution_options(synchronize_session=False)
    )


def _locked(batch_id: int) -> PushBatch:
    batch = db.session.get(PushBatch, batch_id, with_for_update=True, populate_existing=True)
    if batch is None:
        raise NotFound("This bulk sync no longer exists.")
    return batch
