"""One push from beginning to end: compile, observe, plan, apply, reconcile. Preview is the same without applying."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from webapp.models import PushQuestion, PushRun, Quote, Revision, db, utc_now
from webapp.models.quote import PENDING
from webapp.services.autotask import connection, facts, journal, links, reconcile, settings_store
from webapp.services.autotask.apply import Executor, RemoteGone
from webapp.services.autotask.client import Client
from webapp.services.autotask.compile import compile_quote
from webapp.services.autotask.desired import Desired, Problem
from webapp.services.autotask.observe import Observation, Question, observe
from webapp.services.autotask.plan import Known, Step, build
from webapp.services.autotask.values import plain
from webapp.services.errors import ServiceError
from webapp.services.quoting import document, snapshot
from webapp.services.runtime import Runtime

REPLANS = 3


class NeedsPerson(ServiceError):
    """The push cannot go on by itself: something must be mended or picked. Nothing was written."""

    def __init__(self, sentence: str, questions: list[Question], problems: list[Problem]) -> None:
        super().__init__(sentence)
        self.questions = questions
        self.problems = problems


@dataclass(frozen=True)
class Plan:
    """What a push would do. ``steps`` is empty while questions or problems stand in its way."""

    steps: list[Step]
    warnings: tuple[str, ...]
    problems: tuple[Problem, ...]
    questions: tuple[Question, ...]


def desired_of(runtime: Runtime, quote: Quote, revision: Revision) -> Desired:
    """Compile a revision with the settings that count. Raises AutotaskError or NotConnected for missing facts."""
    frozen = snapshot.parse(revision.content)
    expired = quote.status == PENDING and frozen.expires_on is not None and frozen.expires_on < _today()
    return compile_quote(
        frozen,
        status=quote.status,
        lost_reason=quote.lost_reason,
        expired=expired,
        content_sha256=revision.content_sha256,
        settings=settings_store.active(),
        facts=facts.gather(runtime),
    )


def preview(runtime: Runtime, quote: Quote, revision: Revision) -> Plan:
    """What pushing this revision would do, with nothing written. Raises AutotaskError or NotConnected."""
    desired = desired_of(runtime, quote, revision)
    client = connection.open_client(runtime)
    seen = _observe(client, desired)
    problems = (*desired.problems, *seen.problems)
    blocked = bool(problems or seen.questions)
    steps = [] if blocked else build(desired, seen.known, seen.stale)
    return Plan(steps, desired.warnings, problems, tuple(seen.questions))


def run(runtime: Runtime, push_run: PushRun) -> reconcile.Report:
    """Push ``push_run``'s revision; the caller holds the lease. Returns the reconciliation.

    Raises NeedsPerson, StepFailed, LeaseLost, NotConnected or AutotaskError.
    """
    quote, revision = push_run.quote, push_run.revision
    desired = desired_of(runtime, quote, revision)
    if desired.problems:
        raise NeedsPerson(_sentence(desired.problems), [], list(desired.problems))
    log = journal.Journal(push_run)
    client = connection.open_client(runtime, on_call=log.on_call)
    revision_id = revision.id
    try:
        return _push(client, log, desired, push_run, lambda: document.pdf_for(revision_id))
    except ServiceError:
        # The calls until here belong to the record of the run as well.
        log.commit()
        raise


def _push(
    client: Client, log: journal.Journal, desired: Desired, push_run: PushRun, pdf: Callable[[], bytes]
) -> reconcile.Report:
    in_doubt = journal.creates_in_doubt(push_run.quote_id)
    for attempt in range(1, REPLANS + 1):
        seen = _observe(client, desired, in_doubt)
        if seen.questions or seen.problems:
            _keep_questions(push_run, seen.questions)
            raise NeedsPerson(
                _sentence(seen.problems) or seen.questions[0].sentence, seen.questions, seen.problems
            )
        _keep_found(desired, seen)
        steps = build(desired, seen.known, seen.stale)
        log.plan(steps)
        executor = Executor(client, log, seen.known, in_doubt, pdf)
        try:
            executor.run(steps)
        except RemoteGone as gone:
            # Somebody deleted it in Autotask. Without its link it is looked for anew, or made again.
            if attempt == REPLANS:
                raise ServiceError(
                    f"{gone.step.title} keeps vanishing in Autotask, so the push was stopped."
                ) from gone
            links.remove((*gone.step.local, gone.step.entity))
            log.commit()
            continue
        break
    report = _reconcile(client, desired, executor.ids)
    journal.resolve_doubts(push_run.quote_id)
    log.commit()
    return report


def _reconcile(client: Client, desired: Desired, ids: dict[str, int]) -> reconcile.Report:
    report = reconcile.compare(client, desired, ids, read_opportunity=desired.follows_quote)
    if report.opportunity_fix:
        # This opportunity does not follow its quote, so its amounts are written.
        client.update("Opportunities", {"id": ids["opportunity"], **report.opportunity_fix})
    return report


def _observe(
    client: Client, desired: Desired, in_doubt: dict[str, dict[str, Any]] | None = None
) -> Observation:
    found = links.of_desired(desired)
    picked = _answers()
    if in_doubt is None:
        in_doubt = journal.creates_in_doubt(desired.quote_id)
    # No transaction stays open while Autotask is asked.
    db.session.commit()
    return observe(client, desired, found, picked.get, in_doubt)


def _answers() -> dict[tuple[str, str, str], int]:
    """What people picked, by local record; the newest answer counts."""
    query = db.select(PushQuestion).where(PushQuestion.chosen_id.is_not(None)).order_by(PushQuestion.id)
    return {
        (q.local_type, q.local_id, q.remote_entity): int(q.chosen_id or 0) for q in db.session.scalars(query)
    }


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
    for wish in links.wishes_of(desired):
        if wish.key in seen.found:
            one: Known = seen.known[wish.key]
            kept = {name: one.pushed.get(name) for name in {**wish.fields, **wish.fill} if name in one.pushed}
            links.save(links.local_of(wish), one.remote_id, parent_id=one.parent_id, pushed=plain(kept))


def _sentence(problems: tuple[Problem, ...] | list[Problem]) -> str:
    return " ".join(problem.sentence for problem in problems)


def _today() -> date:
    return utc_now().date()
