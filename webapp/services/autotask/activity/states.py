"""The status of a quote's newest push: a badge and a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webapp.models import Delivery, PushRun, Quote, db, utc_now
from webapp.models.delivery import DeliveryState
from webapp.models.integration import AUTOTASK
from webapp.models.push import RunState
from webapp.services.autotask.push import gate
from webapp.services.autotask.push.gate import Blocker
from webapp.services.company import place
from webapp.services.core import formatting

NEVER, QUEUED, PUSHING, RETRYING = "never", "queued", "pushing", RunState.RETRYING
SYNCED, OUT_OF_SYNC = RunState.SYNCED, RunState.OUT_OF_SYNC
NEEDS_YOU, FAILED = RunState.NEEDS_YOU, RunState.FAILED
# A push that no worker takes for so long probably has no worker.
UNCLAIMED = timedelta(seconds=30)


@dataclass(frozen=True)
class Badge:
    """How a status looks. ``color``: a color of the badge classes in app.css."""

    label: str
    color: str


BADGES = {
    NEVER: Badge("Not synced", "secondary"),
    QUEUED: Badge("Queued", "azure"),
    PUSHING: Badge("Syncing", "blue"),
    RETRYING: Badge("Retrying", "yellow"),
    gate.NOT_READY: Badge("Waiting", "yellow"),
    gate.PAUSED: Badge("Paused", "secondary"),
    gate.NOT_CONNECTED: Badge("Not connected", "secondary"),
    SYNCED: Badge("Synced", "green"),
    OUT_OF_SYNC: Badge("Out of sync", "orange"),
    NEEDS_YOU: Badge("Action needed", "orange"),
    FAILED: Badge("Failed", "red"),
    DeliveryState.STOPPED: Badge("Stopped", "orange"),
    DeliveryState.SUPERSEDED: Badge("Replaced", "secondary"),
}
# Why an entry was recorded; a change of the quote's status is its own reason.
REASONS = {
    "again": "re-run",
    "again from a step": "re-run from a step",
    "answered": "question answered",
    "batch": "bulk sync",
    "by command": "command line",
    "drift": "Autotask change reviewed",
    "rules now": "now the primary quote",
}
# Of some quotes, the newest entry that wasn't replaced, with its newest run. Put together once: most pages ask it.
_NEWEST = (
    db.select(db.func.max(Delivery.id))
    .where(
        Delivery.reader == AUTOTASK,
        Delivery.quote_id.in_(db.bindparam("quote_ids", expanding=True)),
        Delivery.state != DeliveryState.SUPERSEDED,
    )
    .group_by(Delivery.quote_id)
)
_LAST_RUN = (
    db.select(db.func.max(PushRun.id))
    .where(PushRun.quote_id == Delivery.quote_id, PushRun.delivery_id == Delivery.id)
    .correlate(Delivery)
    .scalar_subquery()
)
_ENTRIES = (
    db.select(Delivery, PushRun).outerjoin(PushRun, PushRun.id == _LAST_RUN).where(Delivery.id.in_(_NEWEST))
)
# With what ``status_of`` reads: a run's report can be long.
_STATUSES = _ENTRIES.options(
    db.load_only(Delivery.quote_id, Delivery.state, Delivery.outcome, Delivery.not_before),
    db.load_only(PushRun.state),
)
# A run has some of these states, and “running”.
RUN_BADGES = {**BADGES, RunState.RUNNING: BADGES[PUSHING]}


def badge(status: str) -> Badge:
    """The badge of a push or a run."""
    return RUN_BADGES.get(status, Badge(status, "secondary"))


@dataclass(frozen=True)
class PushState:
    """``status``: a key of ``BADGES``. ``run``: the newest run of the entry, if it has one."""

    status: str
    sentence: str
    entry: Delivery | None = None
    run: PushRun | None = None

    @property
    def moves(self) -> bool:
        """True while it will change soon, so that frequent polling is worth it."""
        return self.status in (QUEUED, PUSHING)

    @property
    def settled(self) -> bool:
        """True when it won't change until a person acts on this quote."""
        return self.status in (NEVER, SYNCED, OUT_OF_SYNC, NEEDS_YOU, FAILED, DeliveryState.STOPPED)


def of_quote(quote: Quote) -> PushState:
    """The state of the quote's newest push."""
    entry, run = _newest([quote.id], _ENTRIES).get(quote.id, (None, None))
    if entry is None:
        return PushState(NEVER, "This quote hasn't been synced to Autotask yet.")
    now = utc_now()
    blocker = gate.current() if entry.state == DeliveryState.WAITING else None
    status = status_of(entry, run, blocker, now)
    return PushState(status, _sentence(status, entry, run, blocker, now), entry, run)


def of_quotes(quote_ids: Iterable[int]) -> dict[int, str]:
    """The status of each quote that has a push, by id, in one query."""
    newest = _newest(quote_ids, _STATUSES)
    waits = any(entry.state == DeliveryState.WAITING for entry, _ in newest.values())
    blocker = gate.current() if waits else None
    return {quote_id: status_of(entry, run, blocker, utc_now()) for quote_id, (entry, run) in newest.items()}


def status_of(entry: Delivery, run: PushRun | None, blocker: Blocker | None, now: datetime) -> str:
    """The status of an entry and its newest run. ``blocker``: why no push can start."""
    if entry.state == DeliveryState.RUNNING:
        return PUSHING
    if entry.state == DeliveryState.WAITING:
        if blocker is not None:
            return blocker.kind
        return RETRYING if entry.outcome and entry.not_before > now else QUEUED
    if entry.state in (DeliveryState.STOPPED, DeliveryState.SUPERSEDED):
        return entry.state
    if entry.state == DeliveryState.DONE:
        return OUT_OF_SYNC if run is not None and run.state == OUT_OF_SYNC else SYNCED
    return NEEDS_YOU if run is not None and run.state == NEEDS_YOU else FAILED


def _newest(quote_ids: Iterable[int], query: Any) -> dict[int, tuple[Delivery, PushRun | None]]:
    """What ``query`` finds of these quotes, by id: each one's newest entry with its newest run."""
    ids = list(quote_ids)
    found = db.session.execute(query, {"quote_ids": ids}) if ids else ()
    return {entry.quote_id: (entry, run) for entry, run in found}


def _sentence(
    status: str, entry: Delivery, run: PushRun | None, blocker: Blocker | None, now: datetime
) -> str:
    revision = entry.revision.number if entry.revision else 0
    if blocker is not None:
        return blocker.sentence
    if status == QUEUED:
        late = now - entry.not_before > UNCLAIMED
        return (
            "This sync hasn't started yet. It's saved. If this doesn't change, ask your server admin to check the "
            "worker."
            if late
            else f"Revision {revision} is next in line to sync."
        )
    if status == PUSHING:
        return f"Syncing revision {revision} to Autotask."
    if status == SYNCED:
        at = (
            f" on {formatting.moment(run.finished_at, place.of_company())}" if run and run.finished_at else ""
        )
        return f"Synced revision {revision}{at}. Totals match Autotask."
    if status == OUT_OF_SYNC:
        return f"Synced revision {revision}, but Autotask's totals differ. {entry.outcome}"
    if status == RETRYING:
        return f"{entry.outcome} Next attempt: {formatting.moment(entry.not_before, place.of_company())}."
    return entry.outcome or "The sync stopped."
