"""The journal of a push: what is meant to be done is committed before each call, what became of it after."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import Any

from webapp.models import Link, PushCall, PushRun, PushStep, db, utc_now
from webapp.services.autotask import lease, links
from webapp.services.autotask.client import CallRecord
from webapp.services.autotask.plan import CREATE, DELETE, KEEP, Step
from webapp.services.autotask.values import plain

PLANNED, INTENT, DONE, FAILED, UNCHANGED, RESOLVED = (
    "planned",
    "intent",
    "done",
    "failed",
    "unchanged",
    "resolved",
)


class Journal:
    """Writes one run. Everything goes through the main thread; only ``on_call`` may be called from others."""

    def __init__(self, run: PushRun) -> None:
        self.run_id = run.id
        self._quote_id = run.quote_id
        self._token = run.token
        self._rows: dict[str, PushStep] = {}
        self._calls: SimpleQueue[CallRecord] = SimpleQueue()

    def on_call(self, call: CallRecord) -> None:
        """Take note of a call; it is written with the next commit."""
        self._calls.put(call)

    def plan(self, steps: list[Step]) -> None:
        """Write the whole plan. Raises LeaseLost."""
        for position, step in enumerate(steps, start=1):
            row = PushStep(
                run_id=self.run_id,
                position=position,
                key=step.key,
                action=step.action,
                entity=step.entity,
                title=step.title[:300],
                state=UNCHANGED if step.action == KEEP else PLANNED,
                remote_id=step.remote_id,
                changes=step.changes,
            )
            db.session.add(row)
            self._rows[step.key] = row
        self.commit()

    def intend(self, step: Step, sent: dict[str, Any]) -> None:
        """The step is about to be done with these resolved fields. Not yet committed."""
        row = self._rows[step.key]
        row.state = INTENT
        row.started_at = utc_now()
        row.changes = {name: [step.before.get(name), value] for name, value in plain(sent).items()}

    def outcome(self, step: Step, remote_id: int, parent_id: int | None, pushed: dict[str, Any]) -> None:
        """The step is done: its link is kept with it. Not yet committed."""
        row = self._rows[step.key]
        row.state, row.remote_id, row.finished_at = DONE, remote_id, utc_now()
        local = (*step.local, step.entity)
        if step.action == DELETE:
            link = links.find(local)
            if link is not None and link.remote_id == remote_id:
                db.session.delete(link)
        else:
            links.save(local, remote_id, parent_id=parent_id, pushed=plain(pushed))

    def failed(self, step: Step, sentence: str, *, in_doubt: bool) -> None:
        """The step failed; one in doubt stays an intent, so that the next run looks for its result."""
        row = self._rows[step.key]
        row.sentence = sentence
        row.finished_at = utc_now()
        if not in_doubt:
            row.state = FAILED

    def commit(self) -> None:
        """Commit all of the above with the calls so far, if the lease is still ours. Raises LeaseLost."""
        while True:
            try:
                call = self._calls.get_nowait()
            except Empty:
                break
            db.session.add(
                PushCall(
                    run_id=self.run_id,
                    method=call.method,
                    path=call.path[:300],
                    status=call.status,
                    duration_ms=call.duration_ms,
                    request_body=call.request_body,
                    response_body=call.response_body,
                )
            )
        lease.fence(self._quote_id, self._token)
        db.session.commit()


def creates_in_doubt(quote_id: int) -> dict[str, dict[str, Any]]:
    """What earlier runs were about to create when they were cut off: fields sent, by step key, the newest last."""
    query = (
        db.select(PushStep)
        .join(PushRun, PushRun.id == PushStep.run_id)
        .where(PushRun.quote_id == quote_id, PushStep.state == INTENT, PushStep.action == CREATE)
        .order_by(PushStep.id)
    )
    return {
        row.key: {name: change[1] for name, change in row.changes.items()}
        for row in db.session.scalars(query)
    }


def resolve_doubts(quote_id: int) -> None:
    """A run came to its end, so nothing of the earlier ones is in doubt any more. In the open transaction."""
    runs = db.select(PushRun.id).where(PushRun.quote_id == quote_id)
    db.session.execute(
        db.update(PushStep)
        .where(PushStep.run_id.in_(runs), PushStep.state == INTENT)
        .values(state=RESOLVED)
        .execution_options(synchronize_session=False)
    )


def taken_ids(entity: str) -> set[int]:
    """Remote ids of an entity that some link names."""
    query = db.select(Link.remote_id).where(Link.remote_entity == entity)
    return set(db.session.scalars(query))
