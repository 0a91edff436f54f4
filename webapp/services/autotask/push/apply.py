"""The one executor: runs the steps of a plan, several at a time, each journaled before and after its call."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from webapp.services.autotask.api.client import Client, Record
from webapp.services.autotask.api.errors import AutotaskError, Refused, Temporary
from webapp.services.autotask.api.values import is_equal, plain
from webapp.services.autotask.known.natural_keys import find_created
from webapp.services.autotask.known.observation import RemoteRecord
from webapp.services.autotask.push.journal import Journal, taken_ids
from webapp.services.autotask.push.plan import CREATE, DELETE, KEEP, UPDATE, Step
from webapp.services.autotask.wanted.desired import Ref
from webapp.services.core.errors import ServiceError

AT_ONCE = 12
# Autotask allows three threads at one object endpoint, which the client's budget sees to. As many stand ready behind
# them, journaled already, so that no thread waits for our database.
PER_ENTITY = 6
DOUBT_TRIES = 3
TOGETHER_SECONDS = 0.02


class StepFailed(ServiceError):
    """A step could not be done. ``cause`` says whether it is worth another try."""

    def __init__(self, step: Step, cause: AutotaskError) -> None:
        super().__init__(f"{step.where[:1].upper()}{step.where[1:]}: {cause}")
        self.step = step
        self.cause = cause


class PlanOutdated(Exception):
    """A record vanished from Autotask or came there since it was observed; the plan must be made anew."""

    def __init__(self, step: Step, cause: AutotaskError) -> None:
        super().__init__(step.title)
        self.step = step
        self.cause = cause


@dataclass
class _Job:
    step: Step
    sent: dict[str, Any]
    parent_id: int | None
    doubtful: bool
    tries: int = 1
    timed_out: bool = False
    taken: frozenset[int] = field(default_factory=frozenset)


class Executor:
    """Runs one plan. Database work stays in the calling thread; the pool's threads only make calls.

    ``ids``: Autotask's id of every wish that is known or done, by key.
    """

    def __init__(
        self,
        client: Client,
        journal: Journal,
        known: Mapping[str, RemoteRecord],
        in_doubt: Mapping[str, dict[str, Any]],
        pdf: Callable[[], bytes],
    ) -> None:
        self._client = client
        self._journal = journal
        self.ids = {key: one.remote_id for key, one in known.items()}
        self._in_doubt = in_doubt
        self._pdf = pdf
        self._pdf_data = ""
        self._undone: set[str] = set()

    def run(self, steps: list[Step]) -> None:
        """Do every step. Raises StepFailed, PlanOutdated or LeaseLost; what was done until then is journaled."""
        waiting = [step for step in steps if step.action != KEEP]
        self._undone = {step.key for step in waiting}
        running: dict[Future[int], _Job] = {}
        failure: Exception | None = None
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            while running or (waiting and failure is None):
                jobs = self._next(waiting, running) if failure is None else []
                for job in jobs:
                    self._journal.intend(job.step, job.sent)
                # Outcomes of the last calls and intents of the next ones, before any of those is made.
                self._journal.commit()
                for job in jobs:
                    running[pool.submit(self._do, job)] = job
                if not running:
                    raise AssertionError(
                        f"steps wait for one that is not planned: {[s.key for s in waiting]}"
                    )
                finished = self._finished(running)
                for future in finished:
                    failure = self._finish(pool, future, running) or failure
        self._journal.commit()
        if failure is not None:
            raise failure

    def _finished(self, running: Mapping[Future[int], _Job]) -> set[Future[int]]:
        """The calls that came to their end.

        While enough others of a kind stand ready, nobody waits for us, and a few outcomes are committed together.
        """
        finished, rest = wait(running, return_when=FIRST_COMPLETED)
        kinds = {running[future].step.entity for future in finished}
        if all(sum(running[f].step.entity == kind for f in rest) >= PER_ENTITY // 2 for kind in kinds):
            finished |= wait(rest, timeout=TOGETHER_SECONDS).done
        return finished

    def _next(self, waiting: list[Step], running: dict[Future[int], _Job]) -> list[_Job]:
        """Every step whose needs are met, as far as the limits allow; they are taken out of ``waiting``."""
        busy = Counter(job.step.entity for job in running.values())
        jobs: list[_Job] = []
        for step in list(waiting):
            if len(running) + len(jobs) >= AT_ONCE:
                break
            if busy[step.entity] < PER_ENTITY and self._ready(step):
                waiting.remove(step)
                busy[step.entity] += 1
                jobs.append(self._job(step))
        return jobs

    def _ready(self, step: Step) -> bool:
        """True when every id that the step names is known; what goes last also waits until those are done."""
        if not all(key in self.ids for key in step.needs):
            return False
        return not step.goes_last or not step.needs & self._undone

    def _job(self, step: Step) -> _Job:
        sent = {
            name: self.ids[value.key] if isinstance(value, Ref) else value
            for name, value in step.fields.items()
        }
        parent_id = self.ids.get(step.parent, step.parent_id) if step.parent else None
        if step.action != CREATE and step.parent_id is not None:
            parent_id = step.parent_id
        job = _Job(step, sent, parent_id, doubtful=step.key in self._in_doubt)
        if job.doubtful:
            job.taken = frozenset(taken_ids(step.entity))
        if step.entity == "OpportunityAttachments" and not self._pdf_data:
            self._pdf_data = base64.b64encode(self._pdf()).decode("ascii")
        return job

    def _do(self, job: _Job) -> int:
        """One step's calls; runs in a thread of the pool."""
        with self._journal.serving(job.step):
            return self._done(job)

    def _done(self, job: _Job) -> int:
        step = job.step
        if step.action == CREATE:
            return self._create(job)
        if step.remote_id is None:
            raise AssertionError(f"{step.key} has no id to change")
        if step.action == DELETE:
            self._client.delete(step.entity, step.remote_id, job.parent_id or 0)
        else:
            self._client.update(step.entity, {"id": step.remote_id, **job.sent}, job.parent_id)
        return step.remote_id

    def _create(self, job: _Job) -> int:
        step = job.step
        if job.doubtful:
            row = self._result(job)
            if row is None and job.timed_out:
                # Nobody cut the call off over there: it may take effect after all.
                self._client.wait_out()
                row = self._result(job)
            if row is not None:
                return self._make_equal(job, row)
        fields = dict(job.sent)
        if step.entity == "OpportunityAttachments":
            fields["data"] = self._pdf_data
        return self._client.create(step.entity, fields, job.parent_id)

    def _result(self, job: _Job) -> Record | None:
        """What a create made whose answer never came, in this run or an earlier one."""
        sent = self._in_doubt.get(job.step.key) or job.sent
        if job.step.entity == "OpportunityAttachments":
            # Another revision's file is no result of this step, and no file can be changed into another.
            sent = job.sent
        return find_created(self._client, job.step.entity, sent, job.parent_id, job.taken)

    def _make_equal(self, job: _Job, row: Record) -> int:
        """A create had worked after all; what has changed since is written to its result."""
        number = int(row["id"])
        different = {name: value for name, value in job.sent.items() if not is_equal(value, row.get(name))}
        if different and job.step.entity != "OpportunityAttachments":
            self._client.update(job.step.entity, {"id": number, **different}, job.parent_id)
        return number

    def _finish(
        self, pool: ThreadPoolExecutor, future: Future[int], running: dict[Future[int], _Job]
    ) -> Exception | None:
        job = running.pop(future)
        try:
            remote_id = future.result()
        except Temporary as error:
            if error.in_doubt and job.step.action == CREATE and job.tries < DOUBT_TRIES:
                # The answer was lost: look for the result before anything is repeated.
                job.tries += 1
                job.doubtful, job.timed_out = True, error.timed_out
                job.taken = frozenset(taken_ids(job.step.entity))
                running[pool.submit(self._do, job)] = job
                return None
            self._journal.failed(job.step, str(error), in_doubt=error.in_doubt)
            return StepFailed(job.step, error)
        except AutotaskError as error:
            self._journal.failed(job.step, str(error), in_doubt=False)
            if isinstance(error, Refused) and _plan_is_old(job.step, error):
                return PlanOutdated(job.step, error)
            return StepFailed(job.step, error)
        self.ids[job.step.key] = remote_id
        self._undone.discard(job.step.key)
        self._journal.outcome(job.step, remote_id, job.parent_id, self._remembered(job))
        return None

    def _remembered(self, job: _Job) -> dict[str, Any]:
        kept = job.step.all_fields
        return plain({name: self.ids.get(v.key) if isinstance(v, Ref) else v for name, v in kept.items()})


def _plan_is_old(step: Step, error: Refused) -> bool:
    """True when what is updated, or hung on, is gone, or somebody made a service of the same name a moment ago."""
    if step.action == UPDATE or (step.action == CREATE and step.parent):
        return error.status == 404
    return step.action == CREATE and "unique key" in str(error).lower()
