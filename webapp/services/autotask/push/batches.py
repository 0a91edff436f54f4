"""Batches: pushes that were started together. When too many in a row fail, the rest isn't started."""

from __future__ import annotations

from webapp.models import OutboxEntry, PushBatch, db
from webapp.models.push import RUNNING, STOPPED, WAITING
from webapp.services.core.errors import NotFound

NOT_STARTED = "Not started, because the bulk sync was stopped. Sync again when the cause is fixed."


def note(entry: OutboxEntry, *, succeeded: bool) -> None:
    """Count the end of a push in its batch, if it has one, and stop a batch that failed too often.

    In the open transaction.
    """
    if entry.batch_id is None:
        return
    batch = _locked(entry.batch_id)
    batch.failures = 0 if succeeded else batch.failures + 1
    if batch.state == RUNNING and batch.failures >= batch.stop_after:
        many = f"{batch.failures} syncs in a row" if batch.failures > 1 else "one sync"
        stop(
            batch,
            f"Stopped after {many} failed or needed an answer. The last error: {entry.last_error}",
        )


def may_retry(entry: OutboxEntry) -> bool:
    """False when the entry's batch was stopped while its push was running."""
    return entry.batch_id is None or _locked(entry.batch_id).state == RUNNING


def stop_by_hand(batch_id: int, name: str) -> None:
    """Start no further push of the batch; running pushes finish. Commits."""
    batch = _locked(batch_id)
    if batch.state == RUNNING:
        stop(batch, f"Stopped by {name}.")
    db.session.commit()


def stop(batch: PushBatch, sentence: str) -> None:
    """Stop the batch and its waiting entries, in the open transaction."""
    batch.state, batch.sentence = STOPPED, sentence
    db.session.execute(
        db.update(OutboxEntry)
        .where(OutboxEntry.batch_id == batch.id, OutboxEntry.state == WAITING)
        .values(state=STOPPED, last_error=NOT_STARTED)
        .execution_options(synchronize_session=False)
    )


def _locked(batch_id: int) -> PushBatch:
    batch = db.session.get(PushBatch, batch_id, with_for_update=True, populate_existing=True)
    if batch is None:
        raise NotFound("This bulk sync no longer exists.")
    return batch
