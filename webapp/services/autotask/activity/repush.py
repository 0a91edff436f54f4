"""Pushing a quote once more because a person asked for it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from webapp.models import DriftFinding, OutboxEntry, PushRun, PushStep, Quote, User, db, utc_now
from webapp.models.drift import THEIRS
from webapp.models.push import RUNNING, WAITING
from webapp.services.autotask.known import links
from webapp.services.autotask.push import gate, journal, lease, outbox, plan, prepare
from webapp.services.core import audit, records
from webapp.services.core.errors import Conflict, Invalid, NotFound
from webapp.services.core.runtime import Runtime

ATTACHMENTS = "OpportunityAttachments"
NOT_NEWEST = "This quote was pushed again since, so these steps are not the newest. Open its newest push."
UNDER_WAY = "A push of this quote is under way. Nothing was changed; try again when it is done."


@dataclass(frozen=True)
class Again:
    """``is_new`` False: a push was waiting or under way already, so none was added."""

    entry: OutboxEntry
    is_new: bool


def push_again(actor: User, quote: Quote, reason: str) -> Again:
    """Record a push of the newest revision. What an earlier one has done is skipped, since the plan finds it there.

    Raises Invalid for a quote that was never published. The caller nudges after this.
    """
    if quote.current_revision is None:
        raise Invalid("This quote was never published, so there is nothing to push. Publish it first.")
    latest = newest_entry(quote.id)
    if latest is not None and is_coming(quote.id):
        return Again(latest, is_new=False)
    entry = outbox.record(quote, quote.current_revision, reason)
    audit.record(actor, f"push.{reason}", "quote", quote.id)
    db.session.commit()
    return Again(entry, is_new=True)


def get_step(run_id: int, step_id: int) -> PushStep:
    """One step of a run. Raises NotFound."""
    step = records.get(PushStep, step_id, "There is no such step, or it was removed.")
    if step.run_id != run_id:
        raise NotFound("This push has no such step.")
    return step


def newest_run_id(quote_id: int) -> int | None:
    """The id of the quote's newest run."""
    found: int | None = db.session.scalar(db.select(db.func.max(PushRun.id)).filter_by(quote_id=quote_id))
    return found


def can_repeat(step: PushStep) -> bool:
    """True for a step after which something can be written: not for a line removed or a file that is there."""
    if step.state == journal.DONE:
        return step.action in (plan.CREATE, plan.UPDATE) and step.entity != ATTACHMENTS
    return step.action != plan.KEEP and step.state != journal.OUTDATED


def retry_from(runtime: Runtime, actor: User, step: PushStep) -> Again:
    """Record a push that goes on at ``step`` of the quote's newest run.

    What that run wrote from this step on is written once more, so that the values here stand in Autotask again, save
    where somebody decided that Autotask's count; what it did not reach is done as it would be anyway. Raises Conflict
    when the run is not the newest or a push is under way. The caller nudges after this.
    """
    run_id, quote_id = step.run_id, step.run.quote_id
    if newest_run_id(quote_id) != run_id:
        raise Conflict(NOT_NEWEST)
    if not can_repeat(step):
        raise Conflict("There is nothing to do again in this step.")
    later = db.session.scalars(
        db.select(PushStep).where(PushStep.run_id == run_id, PushStep.position >= step.position)
    )
    keys = {one.key for one in later if one.state == journal.DONE and can_repeat(one)}
    if is_coming(quote_id):
        raise Conflict(UNDER_WAY)
    token = lease.take(quote_id, "retry")
    if token is None:
        raise Conflict(UNDER_WAY)
    try:
        quote = records.get(Quote, quote_id, "This quote is not there any more.")
        _write_again(runtime, quote, keys)
        return push_again(actor, quote, "again from a step")
    finally:
        db.session.rollback()
        lease.release(quote_id, token)


def _write_again(runtime: Runtime, quote: Quote, keys: set[str]) -> None:
    """Forget what was pushed of these wishes, as far as pushes keep it; in the open transaction."""
    if not keys or quote.current_revision is None:
        return
    desired = prepare.compile_revision(replace(runtime, offline=True), quote, quote.current_revision)
    linked = links.of_desired(desired)
    accepted = {
        (one.remote_entity, one.remote_id, one.field)
        for one in db.session.scalars(db.select(DriftFinding).filter_by(quote_id=quote.id, state=THEIRS))
    }
    for wish in links.records_of(desired):
        link = linked.get(links.local_of(wish))
        if link is None or wish.key not in keys:
            continue
        again = {name for name in wish.fields if (wish.entity, link.remote_id, name) not in accepted}
        link.pushed = {name: value for name, value in link.pushed.items() if name not in again}


def newest_entry(quote_id: int) -> OutboxEntry | None:
    """The quote's newest entry in the outbox."""
    query = db.select(OutboxEntry).filter_by(quote_id=quote_id).order_by(OutboxEntry.id.desc()).limit(1)
    entry: OutboxEntry | None = db.session.scalar(query)
    return entry


def is_coming(quote_id: int) -> bool:
    """True while a new entry would change nothing: one runs, or waits for its turn and not for another try."""
    entry = newest_entry(quote_id)
    if entry is None or entry.state not in (RUNNING, WAITING):
        return False
    return entry.state == RUNNING or entry.not_before <= utc_now() or gate.current() is not None
