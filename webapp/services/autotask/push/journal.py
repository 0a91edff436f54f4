"""The journal of a push: the intent is committed before each call, the outcome after it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any

from webapp.models import Link, PushCall, PushRun, PushStep, db, utc_now
from webapp.models.integration import AUTOTASK
from webapp.models.push import StepState
from webapp.services.autotask.api.transport import CallRecord
from webapp.services.autotask.api.values import plain
from webapp.services.autotask.known import links
from webapp.services.autotask.known.evidence import Doubt
from webapp.services.autotask.push import claims, lease
from webapp.services.autotask.push.plan import CREATE, DELETE, KEEP, UPDATE, Step
from webapp.services.autotask.wanted.keys import RecordKey
from webapp.services.core import failpoints


class Journal:
    """Writes one run. Use it from the main thread; only ``on_call`` and ``serving`` may be used from others.

    Notes are collected and written by ``commit`` in a few statements, so that a long quote costs the database little
    and no call waits long.
    """

    def __init__(self, run: PushRun) -> None:
        self.run_id = run.id
        self._quote_id = run.quote_id
        self._token = run.token
        self._ids: dict[RecordKey, int] = {}
        self._planned = 0
        self._notes: dict[int, dict[str, Any]] = {}
        self._new_links: list[links.NewLink] = []
        self._removed_links: list[tuple[links.LinkKey, int]] = []
        self._claims: dict[RecordKey, str] = {}
        self._linked: set[str] = set()
        self._calls: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._serving = threading.local()

    def on_call(self, call: CallRecord) -> None:
        """Note a call; the next commit writes it."""
        self._calls.put(
            {
                "run_id": self.run_id,
                "step_key": getattr(self._serving, "key", "")[:120],
                "at": utc_now(),
                "method": call.method,
                "path": call.path[:300],
                "status": call.status,
                "duration_ms": call.duration_ms,
                "request_body": call.request_body,
                "response_body": call.response_body,
            }
        )

    @contextmanager
    def serving(self, step: Step) -> Iterator[None]:
        """While the block runs, this thread's calls belong to ``step``."""
        self._serving.key = str(step.key)
        try:
            yield
        finally:
            self._serving.key = ""

    def claimed(self, keys: dict[RecordKey, str]) -> None:
        """The claims of this push, by the desired record's key; each is released with the commit of its link."""
        self._claims = dict(keys)

    def linked(self, keys: Iterable[RecordKey]) -> None:
        """The links of these records are in the open transaction."""
        self._linked |= {self._claims.pop(key) for key in keys if key in self._claims}

    def plan(self, steps: list[Step]) -> None:
        """Write a plan after the earlier plans of this run. Raises LeaseLost."""
        rows = [
            {
                "run_id": self.run_id,
                "position": position,
                "key": str(step.key),
                "action": step.action,
                "entity": step.entity,
                "title": step.title[:300],
                "state": StepState.UNCHANGED if step.action == KEEP else StepState.PLANNED,
                "remote_id": step.remote_id,
                "changes": step.changes,
            }
            for position, step in enumerate(steps, start=self._planned + 1)
        ]
        if rows:
            db.session.execute(db.insert(PushStep).execution_options(render_nulls=True), rows)
        query = db.select(PushStep.id).where(
            PushStep.run_id == self.run_id, PushStep.position > self._planned
        )
        ids = db.session.scalars(query.order_by(PushStep.position))
        self._ids |= dict(zip((step.key for step in steps), ids, strict=True))
        self._planned += len(steps)
        self.commit()

    def give_up(self) -> None:
        """A new plan follows, because Autotask changed: keep only the started steps of this one. Raises LeaseLost."""
        self.commit()
        of_run = PushStep.run_id == self.run_id
        never_started = db.delete(PushStep).where(
            of_run, PushStep.state.in_((StepState.PLANNED, StepState.UNCHANGED))
        )
        failed = (
            db.update(PushStep)
            .where(of_run, PushStep.state == StepState.FAILED)
            .values(state=StepState.OUTDATED)
        )
        for statement in (never_started, failed):
            db.session.execute(statement.execution_options(synchronize_session=False))
        self.commit()

    def intend(self, step: Step, sent: dict[str, Any], call_seconds: float) -> None:
        """The step is about to send these resolved fields, in a call of at most ``call_seconds``. Not yet committed."""
        now = utc_now()
        changes = {name: [step.before.get(name), value] for name, value in plain(sent).items()}
        # Autotask may finish a call for as long again after we stopped waiting for it.
        doubt_until = now + timedelta(seconds=2 * call_seconds)
        self._note(step, state=StepState.INTENT, started_at=now, changes=changes, doubt_until=doubt_until)

    def outcome(self, step: Step, remote_id: int, parent_id: int | None, pushed: dict[str, Any]) -> None:
        """The step is done; its link is written with it. Not yet committed."""
        self._note(step, state=StepState.DONE, remote_id=remote_id, finished_at=utc_now())
        if step.action == DELETE:
            self._removed_links.append((step.link_key, remote_id))
        else:
            self._new_links.append(
                links.NewLink(step.link_key, remote_id, parent_id, plain(pushed), step.force_fields)
            )
            self.linked([step.key])

    def failed(
        self, step: Step, sentence: str, *, in_doubt: bool, doubt_until: datetime | None = None
    ) -> None:
        """The step failed; a step in doubt stays an intent, so that the next run looks for its record."""
        self._note(
            step,
            sentence=sentence,
            finished_at=utc_now(),
            state=StepState.INTENT if in_doubt else StepState.FAILED,
            doubt_until=doubt_until,
        )

    def commit(self) -> None:
        """Commit all notes and the calls so far, if the lease is still ours. Raises LeaseLost."""
        calls = list(_emptied(self._calls))
        if calls:
            db.session.execute(db.insert(PushCall), calls)
        same_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for number, values in self._notes.items():
            same_columns.setdefault(tuple(sorted(values)), []).append({"id": number, **values})
        for rows in same_columns.values():
            db.session.execute(db.update(PushStep), rows)
        links.save_all(self._new_links)
        for key, remote_id in self._removed_links:
            links.remove(key, remote_id)
        if self._linked:
            claims.drop(self._quote_id, self._linked)
        self._notes, self._new_links, self._removed_links, self._linked = {}, [], [], set()
        failpoints.reach("journal.written")
        lease.fence(self._quote_id, self._token)
        db.session.commit()
        failpoints.reach("journal.committed")

    def _note(self, step: Step, **values: Any) -> None:
        self._notes.setdefault(self._ids[step.key], {}).update(values)


def _emptied(queue: SimpleQueue[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    while True:
        try:
            yield queue.get_nowait()
        except Empty:
            return


def creates_in_doubt(quote_id: int) -> dict[RecordKey, list[Doubt]]:
    """The creates that earlier runs left in doubt, by step key, oldest first: any of them may have worked."""
    query = (
        db.select(PushStep)
        .join(PushRun, PushRun.id == PushStep.run_id)
        .where(PushRun.quote_id == quote_id, PushStep.state == StepState.INTENT, PushStep.action == CREATE)
        .order_by(PushStep.id)
    )
    doubts: dict[RecordKey, list[Doubt]] = {}
    for row in db.session.scalars(query):
        sent = {name: change[1] for name, change in row.changes.items()}
        doubts.setdefault(RecordKey.parse(row.key), []).append(Doubt(sent, row.doubt_until))
    return doubts


def updates_end_at(quote_id: int, call_seconds: float) -> datetime | None:
    """When the last update of the quote that timed out, or whose worker died, has surely ended in Autotask.

    Until then it could take effect after a newer one. ``call_seconds``: how long a call takes at most.
    """
    runs = db.select(PushRun.id).where(PushRun.quote_id == quote_id)
    died = db.select(db.func.max(PushStep.doubt_until)).where(
        PushStep.run_id.in_(runs), PushStep.state == StepState.INTENT, PushStep.action == UPDATE
    )
    # A try that timed out is repeated at once, and may still take effect after the one that succeeded.
    timed_out = db.select(db.func.max(PushCall.at)).where(
        PushCall.run_id.in_(runs),
        PushCall.method == "PATCH",
        PushCall.status.is_(None),
        PushCall.duration_ms >= 900 * call_seconds,
    )
    until, at = db.session.scalar(died), db.session.scalar(timed_out)
    moments = [until, at + timedelta(seconds=call_seconds) if at else None]
    return max((moment for moment in moments if moment), default=None)


def resolve_doubts(quote_id: int) -> None:
    """A run is complete, so no step of the earlier runs is in doubt. In the open transaction."""
    runs = db.select(PushRun.id).where(PushRun.quote_id == quote_id)
    db.session.execute(
        db.update(PushStep)
        .where(PushStep.run_id.in_(runs), PushStep.state == StepState.INTENT)
        .values(state=StepState.RESOLVED)
        .execution_options(synchronize_session=False)
    )


def taken_ids(entity: str, ids: Collection[int]) -> set[int]:
    """Those of ``ids`` that links name."""
    query = db.select(Link.remote_id).where(
        Link.integration == AUTOTASK, Link.remote_entity == entity, Link.remote_id.in_(ids)
    )
    return set(db.session.scalars(query))
