"""One push from beginning to end: compile, observe, plan, apply, reconcile."""

from __future__ import annotations

import time
from collections.abc import Callable

from webapp.models import PushQuestion, PushRun, db
from webapp.services.autotask.api.client import Client
from webapp.services.autotask.api.values import plain
from webapp.services.autotask.connection import connection
from webapp.services.autotask.known import links
from webapp.services.autotask.known.observation import Observation, Question, RemoteRecord
from webapp.services.autotask.push import claims, journal, lease, missing, prepare, reconcile
from webapp.services.autotask.push.apply import Executor, PlanOutdated
from webapp.services.autotask.push.plan import CREATE, build
from webapp.services.autotask.wanted.desired import Desired, Problem
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime
from webapp.services.quoting.paper import document

REPLANS = 3
CLAIM_SECONDS = 20.0


class NeedsPerson(ServiceError):
    """The push cannot go on by itself: something must be mended or picked. Nothing was written."""

    def __init__(self, sentence: str, questions: list[Question], problems: list[Problem]) -> None:
        super().__init__(sentence)
        self.questions = questions
        self.problems = problems


class OthersFirst(ServiceError):
    """Another push is making the same new company, contact or item; this one goes on after it."""

    def __init__(self) -> None:
        super().__init__(
            "Another quote's push is making the same new customer or items in Autotask. This one goes on after it."
        )


def run(runtime: Runtime, push_run: PushRun) -> reconcile.Report:
    """Push ``push_run``'s revision; the caller holds the lease. Returns the reconciliation.

    Raises NeedsPerson, StepFailed, LeaseLost, NotConnected or AutotaskError.
    """
    quote, revision = push_run.quote, push_run.revision
    desired = prepare.compile_revision(runtime, quote, revision)
    if desired.problems:
        raise NeedsPerson(_sentence(desired.problems), [], list(desired.problems))
    log = journal.Journal(push_run)
    revision_id = revision.id
    with lease.Keeper(quote.id, push_run.token) as keeper:
        # A long quote takes its time, in which the lease is kept.
        document.pdf_for(revision_id)
        client = connection.open_client(runtime, on_call=log.on_call, before_call=keeper.check)
        try:
            return _push(client, log, desired, push_run, lambda: document.pdf_for(revision_id))
        except ServiceError:
            # The calls until here belong to the record of the run as well.
            log.commit()
            raise


def _push(
    client: Client, log: journal.Journal, desired: Desired, push_run: PushRun, pdf: Callable[[], bytes]
) -> reconcile.Report:
    claimed = claims.keys_of(desired)
    _claim(push_run, list(claimed.values()))
    log.claimed(claimed)
    in_doubt = journal.creates_in_doubt(push_run.quote_id)
    for attempt in range(1, REPLANS + 1):
        seen = prepare.observe_remote(client, desired, in_doubt)
        if seen.questions or seen.problems:
            _keep_questions(push_run, seen.questions)
            raise NeedsPerson(
                _sentence(seen.problems) or seen.questions[0].sentence, seen.questions, seen.problems
            )
        _keep_found(desired, seen)
        log.linked(seen.found)
        steps = build(desired, seen.known, seen.stale)
        log.plan(steps)
        executor = Executor(client, log, seen.known, in_doubt, pdf)
        try:
            executor.run(steps)
        except PlanOutdated as gone:
            # Somebody deleted or made it in Autotask meanwhile.
            if attempt == REPLANS:
                raise ServiceError(_stopped(gone)) from gone
            missing.unlink(client, desired, gone.step)
            log.give_up()
            continue
        break
    report = reconcile.compare(client, desired, executor.ids)
    if report.opportunity_fix:
        _mend_amounts(client, log, desired, executor, report)
    journal.resolve_doubts(push_run.quote_id)
    claims.drop(push_run.quote_id)
    log.commit()
    return report


def _claim(push_run: PushRun, keys: list[str]) -> None:
    """Claim what this push might make; waits a while for another that has a part of it. Raises OthersFirst."""
    quote_id, token = push_run.quote_id, push_run.token
    deadline = time.monotonic() + CLAIM_SECONDS
    while not claims.take(quote_id, token, keys):
        if time.monotonic() > deadline:
            raise OthersFirst
        time.sleep(0.1)


def _stopped(gone: PlanOutdated) -> str:
    """Why a plan that was made anew again and again could not be carried out."""
    where = f"{gone.step.where[:1].upper()}{gone.step.where[1:]}"
    if gone.step.action == CREATE and not gone.step.parent:
        name = gone.step.fields.get("name")
        return (
            f"{where}: Autotask has another one whose name counts as the same as “{name}”, yet finds none of this "
            f"name. Rename the line, or link it to the record that is meant. {gone.cause}"
        )
    return f"{where} keeps changing in Autotask, so the push was stopped: {gone.cause}"


def _mend_amounts(
    client: Client, log: journal.Journal, desired: Desired, executor: Executor, report: reconcile.Report
) -> None:
    """Where the opportunity does not follow its quote, its amounts are written, in a step like any other."""
    link = links.find(links.local_of(desired.opportunity))
    step = reconcile.amounts_step(desired, executor.ids, report, link.pushed if link else {})
    log.plan([step])
    executor.run([step])
    reconcile.look_again(client, executor.ids, report)


def _keep_questions(push_run: PushRun, questions: list[Question]) -> None:
    """Store what must be asked, in place of what this quote asked before."""
    db.session.execute(
        db.delete(PushQuestion).where(
            PushQuestion.quote_id == push_run.quote_id, PushQuestion.chosen_id.is_(None)
        )
    )
    for question in questions:
        kind, number, entity = question.local
        db.session.add(
            PushQuestion(
                quote_id=push_run.quote_id,
                local_type=kind,
                local_id=number,
                remote_entity=entity,
                sentence=question.sentence,
                candidates=[{"id": c.id, "label": c.label, "detail": c.detail} for c in question.candidates],
            )
        )


def _keep_found(desired: Desired, seen: Observation) -> None:
    """Link what was matched, so that it is not matched again. In the open transaction."""
    found = []
    for wish in links.records_of(desired):
        if wish.key in seen.found:
            one: RemoteRecord = seen.known[wish.key]
            kept = {name: one.pushed.get(name) for name in {**wish.fields, **wish.fill} if name in one.pushed}
            found.append(links.Found(links.local_of(wish), one.remote_id, one.parent_id, plain(kept)))
    links.save_all(found)


def _sentence(problems: tuple[Problem, ...] | list[Problem]) -> str:
    return " ".join(problem.sentence for problem in problems)
