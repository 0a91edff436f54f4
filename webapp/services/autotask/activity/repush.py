"""Pushing a quote again because a person asked for it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from webapp.models import Delivery, DriftFinding, PushRun, PushStep, Quote, User, db, utc_now
from webapp.models.delivery import DeliveryState
from webapp.models.drift import THEIRS
from webapp.models.integration import AUTOTASK
from webapp.models.push import StepState
from webapp.services.autotask.known import links
from webapp.services.autotask.push import gate, lease, plan, prepare, processing
from webapp.services.autotask.wanted.keys import RecordKey
from webapp.services.core import records, work
from webapp.services.core.errors import Conflict, Invalid, NotFound
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import room
from webapp.services.diary import diary

ATTACHMENTS = "OpportunityAttachments"
NOT_NEWEST = "This quote was synced again, so these steps are outdated. Open its latest sync."
UNDER_WAY = "This quote is syncing right now, so nothing was changed. Try again when the sync is done."


@dataclass(frozen=True)
class Repush:
    """``is_new`` False: a push was already waiting or running, so none was added."""

    entry: Delivery
    is_new: bool


@work.command
def push_again(actor: User, quote: Quote, reason: str) -> Repush:
    """Record a push of the newest revision. Its plan skips everything that an earlier push has written.

    Raises Invalid for a quote that was never published.
    """
    if quote.current_revision is None:
        raise Invalid("This quote was never published, so there's nothing to sync. Publish it first.")
    latest = newest_entry(quote.id)
    if latest is not None and is_coming(quote.id):
        return Repush(latest, is_new=False)
    entry = room.add(processing.delivery(quote, quote.current_revision, reason))
    diary.write(actor, f"push.{reason}", "quote", quote.id)
    return Repush(entry, is_new=True)


def get_step(run_id: int, step_id: int) -> PushStep:
    """One step of a run. Raises NotFound."""
    step = records.get(PushStep, step_id, "There's no such step, or it was removed.")
    if step.run_id != run_id:
        raise NotFound("This sync has no such step.")
    return step


def newest_run_id(quote_id: int) -> int | None:
    """The id of the quote's newest run."""
    newest: int | None = db.session.scalar(db.select(db.func.max(PushRun.id)).filter_by(quote_id=quote_id))
    return newest


def can_repeat(step: PushStep) -> bool:
    """True for a step that can be written again: not for a deleted line or an uploaded file."""
    if step.state == StepState.DONE:
        return step.action in (plan.CREATE, plan.UPDATE) and step.entity != ATTACHMENTS
    return step.action != plan.KEEP and step.state != StepState.OUTDATED


def retry_from(runtime: Runtime, actor: User, step: PushStep) -> Repush:
    """Record a push that starts at ``step`` of the quote's newest run.

    Everything that the run wrote from this step on is written again, so that Autotask has our values again, except
    where a person decided to keep Autotask's. Steps that the run didn't reach are done as in any push. Raises Conflict
    when the run is not the newest or a push is running.
    """
    run_id, quote_id = step.run_id, step.run.quote_id
    if newest_run_id(quote_id) != run_id:
        raise Conflict(NOT_NEWEST)
    if not can_repeat(step):
        raise Conflict("This step can't be run again.")
    later = db.session.scalars(
        db.select(PushStep).where(PushStep.run_id == run_id, PushStep.position >= step.position)
    )
    keys = {RecordKey.parse(done.key) for done in later if done.state == StepState.DONE and can_repeat(done)}
    if is_coming(quote_id):
        raise Conflict(UNDER_WAY)
    token = lease.take(quote_id, "retry")
    if token is None:
        raise Conflict(UNDER_WAY)
    try:
        with work.unit():
            quote = records.get(Quote, quote_id, "This quote no longer exists.")
            _forget_pushed(runtime, quote, keys)
            return push_again(actor, quote, "again from a step")
    finally:
        lease.release(quote_id, token)


def _forget_pushed(runtime: Runtime, quote: Quote, keys: set[RecordKey]) -> None:
    """Forget the pushed values of these records, so that the next push writes them; in the open transaction."""
    if not keys or quote.current_revision is None:
        return
    desired = prepare.compile_revision(replace(runtime, offline=True), quote, quote.current_revision)
    linked = links.of_desired(desired)
    accepted = {
        (finding.remote_entity, finding.remote_id, finding.field)
        for finding in db.session.scalars(db.select(DriftFinding).filter_by(quote_id=quote.id, state=THEIRS))
    }
    for record in links.records_of(desired):
        link = linked.get(links.key_of(record))
        if link is None or record.key not in keys:
            continue
        again = {name for name in record.fields if (record.entity, link.remote_id, name) not in accepted}
        link.pushed = {name: value for name, value in link.pushed.items() if name not in again}


def newest_entry(quote_id: int) -> Delivery | None:
    """The quote's newest push."""
    query = (
        db.select(Delivery)
        .filter_by(reader=AUTOTASK, quote_id=quote_id)
        .order_by(Delivery.id.desc())
        .limit(1)
    )
    entry: Delivery | None = db.session.scalar(query)
    return entry


def is_coming(quote_id: int) -> bool:
    """True while another push would change nothing: one is running, or waits for its turn and not for a retry."""
    entry = newest_entry(quote_id)
    if entry is None or entry.state not in (DeliveryState.RUNNING, DeliveryState.WAITING):
        return False
    return entry.state == DeliveryState.RUNNING or entry.not_before <= utc_now() or gate.current() is not None
