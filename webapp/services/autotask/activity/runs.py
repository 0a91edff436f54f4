"""The list of all runs, and the queue of pushes that wait."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any

from webapp.models import (
    Delivery,
    Organization,
    Person,
    PushCall,
    PushRun,
    PushStep,
    Quote,
    Revision,
    User,
    db,
    utc_now,
)
from webapp.models.delivery import UNDER_WAY, DeliveryState
from webapp.models.integration import AUTOTASK
from webapp.models.push import RunState, StepState
from webapp.services.autotask.activity import states
from webapp.services.autotask.push import gate, plan
from webapp.services.autotask.push.gate import Blocker
from webapp.services.core import lookup, records
from webapp.services.core.fields import parse_id, words
from webapp.services.core.formatting import ANYWHERE
from webapp.services.core.place import Place

RUN_STATES = tuple(RunState)
PAGE = 40
QUEUED_SHOWN = 20
MISSING = "There's no such sync, or it was removed."


@dataclass(frozen=True)
class Filters:
    """The filters of the list; ``owner_id`` None and empty values don't filter. Days are those at ``place``."""

    state: str = ""
    text: str = ""
    owner_id: int | None = None
    since: date | None = None
    until: date | None = None
    place: Place = ANYWHERE


@dataclass(frozen=True)
class RunRow:
    """One run in the list. ``writes``: how many of its steps changed something in Autotask."""

    run: PushRun
    reason: str
    writes: int


@dataclass(frozen=True)
class RunPage:
    """A page of the list, newest first. ``mark`` changes with anything that the page shows."""

    rows: list[RunRow]
    number: int
    more: bool
    mark: str


@dataclass(frozen=True)
class Queue:
    """Waiting and running pushes, and the blocker that holds all of them back, if any.

    ``next``: the waiting pushes with their status, in the order of their turn; at most ``QUEUED_SHOWN``.
    """

    waiting: int
    running: int
    blocker: Blocker | None
    next: list[tuple[Delivery, str]]

    @property
    def mark(self) -> str:
        """Changes with anything that the page shows."""
        rows = [f"{entry.id}{status}" for entry, status in self.next]
        return digest([str(self.waiting), str(self.running), str(self.blocker), *rows])


def runs(filters: Filters, page: int = 1) -> RunPage:
    """A page of the runs that match ``filters``. ``page`` counts from 1."""
    page = max(1, min(page, 10_000))
    query = (
        db.select(PushRun, Delivery.reason)
        .join(PushRun.quote)
        .outerjoin(Delivery, Delivery.id == PushRun.delivery_id)
        .options(
            db.contains_eager(PushRun.quote).joinedload(Quote.owner),
            db.contains_eager(PushRun.quote).joinedload(Quote.organization),
            db.contains_eager(PushRun.quote).joinedload(Quote.person),
            db.joinedload(PushRun.revision).load_only(Revision.number),
        )
        .order_by(PushRun.id.desc())
        .limit(PAGE + 1)
        .offset((page - 1) * PAGE)
    )
    found = [(run, reason or "") for run, reason in db.session.execute(_narrowed(query, filters)).unique()]
    shown = found[:PAGE]
    counts = _writes([run.id for run, _ in shown])
    rows = [RunRow(run, reason, counts.get(run.id, 0)) for run, reason in shown]
    seen = [f"{row.run.id}{row.run.state}{row.writes}" for row in rows]
    return RunPage(rows, page, len(found) > PAGE, digest(seen))


def queue(owner_id: int | None = None) -> Queue:
    """The waiting and running pushes, of one owner's quotes or of all quotes."""
    query = (
        db.select(Delivery.state, db.func.count())
        .where(Delivery.reader == AUTOTASK, Delivery.state.in_(UNDER_WAY))
        .group_by(Delivery.state)
    )
    if owner_id is not None:
        query = query.join(Delivery.quote).where(Quote.owner_id == owner_id)
    counts = dict(db.session.execute(query).all())
    waiting, blocker = counts.get(DeliveryState.WAITING, 0), gate.current()
    return Queue(
        waiting, counts.get(DeliveryState.RUNNING, 0), blocker, _next(owner_id, blocker) if waiting else []
    )


def _next(owner_id: int | None, blocker: Blocker | None) -> list[tuple[Delivery, str]]:
    query = (
        db.select(Delivery)
        .join(Delivery.quote)
        .where(Delivery.reader == AUTOTASK, Delivery.state == DeliveryState.WAITING)
        .options(
            db.contains_eager(Delivery.quote),
            db.joinedload(Delivery.revision).load_only(Revision.number),
        )
        .order_by(Delivery.not_before, Delivery.id)
        .limit(QUEUED_SHOWN)
    )
    if owner_id is not None:
        query = query.where(Quote.owner_id == owner_id)
    now = utc_now()
    return [(entry, states.status_of(entry, None, blocker, now)) for entry in db.session.scalars(query)]


def owners() -> list[User]:
    """The owners of pushed quotes, by name."""
    pushed = db.select(Quote.owner_id).join(PushRun, PushRun.quote_id == Quote.id)
    return list(db.session.scalars(db.select(User).where(User.id.in_(pushed)).order_by(User.name)))


def get_run(run_id: int) -> PushRun:
    """One run. Raises NotFound."""
    return records.get(PushRun, run_id, MISSING)


def get_call(call_id: int) -> PushCall:
    """One call with its bodies. Raises NotFound."""
    return records.get(PushCall, call_id, "There's no such call, or it was removed.")


def digest(parts: list[str]) -> str:
    """A short fingerprint that changes with any of the parts."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def _narrowed(query: Any, filters: Filters) -> Any:
    if filters.state in RUN_STATES:
        query = query.where(PushRun.state == filters.state)
    if filters.owner_id is not None:
        query = query.where(Quote.owner_id == filters.owner_id)
    if filters.since is not None:
        query = query.where(PushRun.started_at >= filters.place.start_of(filters.since))
    if filters.until is not None:
        query = query.where(PushRun.started_at < filters.place.end_of(filters.until))
    if filters.text:
        query = query.outerjoin(Quote.organization).outerjoin(Quote.person)
    for word in words(filters.text):
        fits = lookup.has_word(word, Quote.search_key, Organization.search_key, Person.search_key)
        number = parse_id(word.lstrip("#"))
        query = query.where(db.or_(fits, Quote.number == number) if number else fits)
    return query


def _writes(run_ids: list[int]) -> dict[int, int]:
    """How many steps each run wrote, in one query."""
    query = (
        db.select(PushStep.run_id, db.func.count())
        .where(
            PushStep.run_id.in_(run_ids),
            PushStep.action != plan.KEEP,
            PushStep.state == StepState.DONE,
        )
        .group_by(PushStep.run_id)
    )
    return dict(db.session.execute(query).all()) if run_ids else {}
