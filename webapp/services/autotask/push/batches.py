"""Pushes that were asked for together: when too many in a row fail, the rest is not begun."""

from __future__ import annotations

from webapp.models import OutboxEntry, PushBatch, db
from webapp.models.push import RUNNING, STOPPED, WAITING
from webapp.services.core.errors import NotFound

NOT_MADE = "Not made, since the batch that it belongs to was stopped. Push again when the cause is mended."


def note(entry: OutboxEntry, *, went_well: bool) -> None:
    """A push came to its end, in the open transaction; if it belongs to a batch, that may have to stop."""
    if entry.batch_id is None:
        return
    batch = _locked(entry.batch_id)
    batch.failures = 0 if went_well else batch.failures + 1
    if batch.state == RUNNING and batch.failures >= batch.stop_after:
        many = f"{batch.failures} pushes in a row" if batch.failures > 1 else "one push"
        stop(
            batch,
            f"Stopped after {many} that failed or needed an answer. The last one said: {entry.last_error}",
        )


def may_retry(entry: OutboxEntry) -> bool:
    """False when the entry's batch was stopped while its push was under way."""
    return entry.batch_id is None or _locked(entry.batch_id).state == RUNNING


def stop_by_hand(batch_id: int, name: str) -> None:
    """Begin no further push of the batch; one that is under way is finished."""
    batch = _locked(batch_id)
    if batch.state == RUNNING:
        stop(batch, f"{name} stopped it.")
    db.session.commit()


def stop(batch: PushBatch, sentence: str) -> None:
    """Stop the batch in the open transaction; what it had not begun stays as it is in Autotask."""
    batch.state, batch.sentence = STOPPED, sentence
    db.session.execute(
        db.update(OutboxEntry)
        .where(OutboxEntry.batch_id == batch.id, OutboxEntry.state == WAITING)
        .values(state=STOPPED, last_error=NOT_MADE)
        .execution_options(synchronize_session=False)
    )


def _locked(batch_id: int) -> PushBatch:
    batch = db.session.get(PushBatch, batch_id, with_for_update=True, populate_existing=True)
    if batch is None:
        raise NotFound("This batch is not there.")
    return batch
