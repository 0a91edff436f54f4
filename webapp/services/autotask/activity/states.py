"""Where the newest push of a quote stands: one word, one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webapp.models import OutboxEntry, PushRun, Quote, db, utc_now
from webapp.models.push import DONE, RUNNING, STOPPED, SUPERSEDED, WAITING
from webapp.services.autotask.push import gate
from webapp.services.autotask.push.gate import Blocker
from webapp.services.core import formatting

NEVER, QUEUED, PUSHING, RETRYING = "never", "queued", "pushing", "waiting"
SYNCED, AMBER, NEEDS_YOU, FAILED = "synced", "amber", "needs_you", "failed"
LABELS = {
    NEVER: "Not pushed",
    QUEUED: "Queued",
    PUSHING: "Pushing",
    RETRYING: "Waiting",
    gate.PAUSED: "Paused",
    gate.NOT_CONNECTED: "Not connected",
    SYNCED: "Synced",
    AMBER: "Differs",
    NEEDS_YOU: "Needs you",
    FAILED: "Failed",
    STOPPED: "Stopped",
    SUPERSEDED: "Replaced",
}
# What a run by itself may be: some of the above, and these.
RUN_LABELS = {**LABELS, "running": "Pushing", "retrying": "Tried again"}
UNTAKEN = timedelta(seconds=30)


@dataclass(frozen=True)
class PushState:
    """``status``: a key of ``LABELS``. ``run``: the newest run of the entry, if one began."""

    status: str
    sentence: str
    entry: OutboxEntry | None = None
    run: PushRun | None = None

    @property
    def moves(self) -> bool:
        """True while it will change within moments, so that looking often is worth it."""
        return self.status in (QUEUED, PUSHING)

    @property
    def settled(self) -> bool:
        """True when it stays as it is until somebody does something about this quote."""
        return self.status in (NEVER, SYNCED, AMBER, NEEDS_YOU, FAILED, STOPPED)


def of_quote(quote: Quote) -> PushState:
    """Where the quote's newest push stands."""
    entry, run = _newest([quote.id]).get(quote.id, (None, None))
    if entry is None:
        return PushState(NEVER, "This quote was not pushed to Autotask yet.")
    now = utc_now()
    hold = gate.current() if entry.state == WAITING else None
    status = status_of(entry, run, hold, now)
    return PushState(status, _sentence(status, entry, run, hold, now), entry, run)


def of_quotes(quote_ids: Iterable[int]) -> dict[int, str]:
    """The status of each quote that has a push, by id. One query, whatever their number."""
    found = _newest(quote_ids)
    waits = any(entry.state == WAITING for entry, _ in found.values())
    hold = gate.current() if waits else None
    return {quote_id: status_of(entry, run, hold, utc_now()) for quote_id, (entry, run) in found.items()}


def status_of(entry: OutboxEntry, run: PushRun | None, hold: Blocker | None, now: datetime) -> str:
    """The status of an entry and its newest run. ``hold``: what keeps every push from beginning."""
    if entry.state == RUNNING:
        return PUSHING
    if entry.state == WAITING:
        if hold is not None:
            return hold.kind
        return RETRYING if entry.last_error and entry.not_before > now else QUEUED
    if entry.state in (STOPPED, SUPERSEDED):
        return entry.state
    if entry.state == DONE:
        return AMBER if run is not None and run.state == AMBER else SYNCED
    return NEEDS_YOU if run is not None and run.state == NEEDS_YOU else FAILED


def _newest(quote_ids: Iterable[int]) -> dict[int, tuple[OutboxEntry, PushRun | None]]:
    """The newest entry of each quote that no newer one replaced, with its newest run."""
    ids = list(quote_ids)
    newest = (
        db.select(db.func.max(OutboxEntry.id))
        .where(OutboxEntry.quote_id.in_(ids), OutboxEntry.state != SUPERSEDED)
        .group_by(OutboxEntry.quote_id)
    )
    last_run = (
        db.select(db.func.max(PushRun.id))
        .where(PushRun.quote_id == OutboxEntry.quote_id, PushRun.outbox_entry_id == OutboxEntry.id)
        .correlate(OutboxEntry)
        .scalar_subquery()
    )
    query: Any = (
        db.select(OutboxEntry, PushRun)
        .outerjoin(PushRun, PushRun.id == last_run)
        .where(OutboxEntry.id.in_(newest))
    )
    return {entry.quote_id: (entry, run) for entry, run in db.session.execute(query)} if ids else {}


def _sentence(
    status: str, entry: OutboxEntry, run: PushRun | None, hold: Blocker | None, now: datetime
) -> str:
    revision = entry.revision.number
    if hold is not None:
        return hold.sentence
    if status == QUEUED:
        late = now - entry.not_before > UNTAKEN
        return (
            "No worker took this push yet. It is kept; should this stay, ask the operator whether the worker runs."
            if late
            else f"Revision {revision} waits for its turn."
        )
    if status == PUSHING:
        return f"Revision {revision} is being written to Autotask."
    if status == SYNCED:
        at = f" on {formatting.moment(run.finished_at)}" if run and run.finished_at else ""
        return f"Revision {revision} was pushed{at}, and Autotask came to the same, to the cent."
    if status == AMBER:
        return f"Revision {revision} was pushed, but Autotask came to something else. {entry.last_error}"
    if status == RETRYING:
        return f"{entry.last_error} It is tried again on {formatting.moment(entry.not_before)}."
    return entry.last_error or "The push stopped."
