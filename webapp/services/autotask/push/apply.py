"""Apply a plan: run its steps, several at a time, each journaled before and after its call."""

from __future__ import annotations

import base64
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webapp.models import utc_now
from webapp.services.autotask.api.client import Client, Record
from webapp.services.autotask.api.errors import AutotaskError, Refused, Temporary
from webapp.services.autotask.api.values import is_equal, plain
from webapp.services.autotask.known.evidence import Doubt
from webapp.services.autotask.known.natural_keys import find_created
from webapp.services.autotask.known.observation import RemoteRecord
from webapp.services.autotask.push.failures import PlanOutdated, StepFailed, shows_outdated_plan
from webapp.services.autotask.push.journal import Journal, taken_ids
from webapp.services.autotask.push.plan import CREATE, DELETE, KEEP, Step
from webapp.services.autotask.wanted.desired import Ref
from webapp.services.autotask.wanted.keys import RecordKey
from webapp.services.core import deadline, failpoints

AT_ONCE = 12
# The client's budget allows three threads at one endpoint. Three more steps stand ready, journaled already, so that no
# thread waits for our database.
PER_ENTITY = 6
DOUBT_TRIES = 3
# A short wait lets several outcomes share one commit.
TOGETHER_SECONDS = 0.02


# The id of the record that was written, or what a look-up found.
_Result = int | list[Record]


@dataclass
class _Job:
    step: Step
    sent: dict[str, Any]
    parent_id: int | None
    doubts: list[Doubt]
    tries: int = 1
    # A create that is in doubt is looked for, maybe again after a wait, before it is made.
    to_find: bool = False
    waits: bool = False
    found: Record | None = None


class Executor:
    """Runs one plan. Database work stays in the calling thread; the pool's threads only make calls.

    ``ids``: Autotask's id of every record that is known or done, by key. ``lost_items``: what creates of quote items
    sent whose responses were lost, in this run or an earlier one.
    """

    def __init__(
        self,
        client: Client,
        journal: Journal,
        known: Mapping[RecordKey, RemoteRecord],
        in_doubt: Mapping[RecordKey, Sequence[Doubt]],
        pdf: Callable[[], bytes],
    ) -> None:
        self._client = client
        self._journal = journal
        self.ids = {key: remote.remote_id for key, remote in known.items()}
        self._in_doubt = in_doubt
        self._pdf = pdf
        self._pdf_data = ""
        self._undone: set[RecordKey] = set()
        self.lost_items = [doubt.sent for key, doubts in in_doubt.items() if key.is_item for doubt in doubts]
        self._written: defaultdict[str, set[int]] = defaultdict(set)

    def run(self, steps: list[Step]) -> None:
        """Run every step. Raises StepFailed, PlanOutdated, OutOfTime or LeaseLost, with the steps before journaled."""
        waiting = [step for step in steps if step.action != KEEP]
        self._undone = {step.key for step in waiting}
        running: dict[Future[_Result], _Job] = {}
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            failure = self._run(pool, waiting, running)
        self._journal.commit()
        if failure is not None:
            raise failure

    def _run(
        self, pool: ThreadPoolExecutor, waiting: list[Step], running: dict[Future[_Result], _Job]
    ) -> Exception | None:
        """Run the steps in ``waiting``; after a failure only those that began. ``running``: the calls under way."""
        failure: Exception | None = None
        while running or (waiting and failure is None):
            if failure is None and deadline.is_over():
                # No call begins any more. Those under way end first, so that nobody has to look for what they did.
                failure = deadline.OutOfTime()
                continue
            jobs = self._next(waiting, running) if failure is None else []
            for job in jobs:
                self._journal.intend(job.step, job.sent, self._client.call_seconds)
            # Commit the outcomes of the last calls and the intents of the next calls before any of these is made.
            self._journal.commit()
            failpoints.reach("apply.intended")
            for job in jobs:
                running[pool.submit(self._do, job)] = job
            if not running:
                raise AssertionError(
                    f"steps wait for a step that isn't planned: {[str(s.key) for s in waiting]}"
                )
            finished = self._finished(running)
            failpoints.reach("apply.answered")
            for future in finished:
                failure = self._finish(pool, future, running) or failure
        return failure

    def _finished(self, running: Mapping[Future[_Result], _Job]) -> set[Future[_Result]]:
        """The calls that have ended.

        While enough steps of the same entities stand ready, there is time to collect a few outcomes for one commit.
        """
        finished, rest = wait(running, return_when=FIRST_COMPLETED)
        entities = {running[future].step.entity for future in finished}
        if all(sum(running[f].step.entity == entity for f in rest) >= PER_ENTITY // 2 for entity in entities):
            finished |= wait(rest, timeout=TOGETHER_SECONDS).done
        return finished

    def _next(self, waiting: list[Step], running: dict[Future[_Result], _Job]) -> list[_Job]:
        """Take from ``waiting`` every step whose needs are met, as far as the limits allow."""
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
        """True when every id that the step needs is known; a step that goes last also waits for their steps."""
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
        doubts = list(self._in_doubt.get(step.key, ()))
        job = _Job(step, sent, parent_id, doubts, to_find=step.action == CREATE and bool(doubts))
        if step.entity == "OpportunityAttachments" and not self._pdf_data:
            self._pdf_data = base64.b64encode(self._pdf()).decode("ascii")
        return job

    def _do(self, job: _Job) -> _Result:
        """Make one step's calls; runs in a thread of the pool."""
        with self._journal.serving(job.step):
            return self._call(job)

    def _call(self, job: _Job) -> _Result:
        step = job.step
        if job.to_find:
            return self._find(job)
        if step.action == CREATE:
            return self._create(job) if job.found is None else self._bring_up_to_date(job, job.found)
        remote_id = step.remote_id or self.ids.get(step.key.record)
        if remote_id is None:
            raise AssertionError(f"{step.key} has no id")
        if step.action == DELETE:
            self._client.delete(step.entity, remote_id, job.parent_id or 0)
        else:
            self._client.update(step.entity, {"id": remote_id, **job.sent}, job.parent_id)
        return remote_id

    def _create(self, job: _Job) -> int:
        fields = dict(job.sent)
        if job.step.entity == "OpportunityAttachments":
            fields["data"] = self._pdf_data
        return self._client.create(job.step.entity, fields, job.parent_id)

    def _find(self, job: _Job) -> list[Record]:
        """What creates made whose responses were lost, in this run or an earlier one: by what was sent then."""
        if job.waits:
            self._client.pause(_wait(job))
        sents = [doubt.sent for doubt in reversed(job.doubts)]
        if job.step.entity == "OpportunityAttachments":
            # A file can't be changed, so an earlier revision's file is not what this step needs.
            sents = [job.sent]
        return find_created(self._client, job.step.entity, sents, job.parent_id)

    def _choose(self, job: _Job, rows: list[Record]) -> None:
        """Decide about a create in doubt: take a record that no link names, look again after a wait, or create one."""
        entity, ids = job.step.entity, [int(row["id"]) for row in rows]
        taken = self._written[entity] | (taken_ids(entity, ids) if ids else set())
        job.found = next((row for row in rows if int(row["id"]) not in taken), None)
        job.waits = job.found is None and not job.waits and _wait(job) > 0
        job.to_find = job.waits

    def _bring_up_to_date(self, job: _Job, row: Record) -> int:
        """The create worked after all: write the fields that have changed since."""
        number = int(row["id"])
        different = {name: value for name, value in job.sent.items() if not is_equal(value, row.get(name))}
        if different and job.step.entity != "OpportunityAttachments":
            self._client.update(job.step.entity, {"id": number, **different}, job.parent_id)
        return number

    def _finish(
        self, pool: ThreadPoolExecutor, future: Future[_Result], running: dict[Future[_Result], _Job]
    ) -> Exception | None:
        job = running.pop(future)
        try:
            result = future.result()
        except Temporary as error:
            is_looked_for = error.in_doubt and job.step.action == CREATE and job.tries < DOUBT_TRIES
            if is_looked_for and not deadline.is_over():
                # The response was lost: look for the record before repeating the create.
                job.tries += 1
                job.doubts.append(Doubt(job.sent, self._doubt_until(error)))
                job.to_find, job.waits, job.found = True, False, None
                if job.step.entity == "QuoteItems":
                    self.lost_items.append(job.sent)
                running[pool.submit(self._do, job)] = job
                return None
            self._note_failure(job, error, in_doubt=error.in_doubt)
            return StepFailed(job.step, error)
        except deadline.OutOfTime as error:
            # No call was made. What an earlier one may have done stays in doubt.
            self._note_failure(job, error, in_doubt=False)
            return error
        except AutotaskError as error:
            self._note_failure(job, error, in_doubt=False)
            if isinstance(error, Refused) and shows_outdated_plan(job.step, error):
                return PlanOutdated(job.step, error)
            return StepFailed(job.step, error)
        if isinstance(result, list):
            if deadline.is_over():
                self._note_failure(job, deadline.OutOfTime(), in_doubt=False)
                return deadline.OutOfTime()
            self._choose(job, result)
            # The wait may have been long: from here on the call takes its time again.
            self._journal.intend(job.step, job.sent, self._client.call_seconds)
            self._journal.commit()
            running[pool.submit(self._do, job)] = job
        else:
            self._done(job, result)
        return None

    def _done(self, job: _Job, remote_id: int) -> None:
        self.ids[job.step.key] = remote_id
        self._written[job.step.entity].add(remote_id)
        self._undone.discard(job.step.key)
        self._journal.outcome(job.step, remote_id, job.parent_id, self._fields_to_store(job))

    def _note_failure(self, job: _Job, error: Exception, *, in_doubt: bool) -> None:
        """A create of this run whose response was lost stays in doubt, whatever its look-up failed with."""
        lost = job.doubts[len(self._in_doubt.get(job.step.key, ())) :]
        untils = [doubt.until for doubt in lost if doubt.until] + [self._doubt_until(error)]
        until = max((moment for moment in untils if moment), default=None)
        self._journal.failed(job.step, str(error), in_doubt=in_doubt or bool(lost), doubt_until=until)

    def _doubt_until(self, error: Exception) -> datetime | None:
        """When a call that failed with ``error`` has surely ended in Autotask; None when it has."""
        timed_out = isinstance(error, Temporary) and error.timed_out
        return utc_now() + timedelta(seconds=self._client.call_seconds) if timed_out else None

    def _fields_to_store(self, job: _Job) -> dict[str, Any]:
        fields = job.step.all_fields
        return plain({name: self.ids.get(v.key) if isinstance(v, Ref) else v for name, v in fields.items()})


def _wait(job: _Job) -> float:
    """The seconds for which Autotask may still be working on a lost call of the job."""
    until = max((doubt.until for doubt in job.doubts if doubt.until), default=None)
    return max(0.0, (until - utc_now()).total_seconds()) if until else 0.0
