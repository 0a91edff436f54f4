"""Run one push: compile, observe, plan, apply, reconcile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial

import structlog
from sqlalchemy.exc import DBAPIError

from webapp.models import PushQuestion, PushRun, db, utc_now
from webapp.models.local_key import ACCEPTANCE
from webapp.services.autotask.api.client import Client
from webapp.services.autotask.api.errors import Refused
from webapp.services.autotask.api.values import plain
from webapp.services.autotask.connection import connection
from webapp.services.autotask.known import links, match_catalog, siblings
from webapp.services.autotask.known.observation import Observation, Question
from webapp.services.autotask.push import (
    claims,
    journal,
    lease,
    missing,
    order,
    prepare,
    reconcile,
    results,
    value_checks,
)
from webapp.services.autotask.push.apply import Executor
from webapp.services.autotask.push.failures import PlanOutdated, StepFailed
from webapp.services.autotask.push.plan import CREATE, DELETE, UPDATE, Step, build
from webapp.services.autotask.push.results import AskPerson, Done, PushResult, Retry
from webapp.services.autotask.wanted.desired import Desired, Problem
from webapp.services.core import deadline, failpoints
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime
from webapp.services.quoting.paper import document

REPLANS = 3
NOT_AS_OWNER = (
    "The API user may not impersonate the quote's owner, so Autotask shows the API user as the author. An Autotask "
    "admin can allow that in the API user's security level."
)
CLAIM_SECONDS = 20.0
OTHER_PUSH_SECONDS = 2.0
# Kept with the link of a matched record: which one it is, for people, and whose it was then.
IDENTITY = ("companyName", "companyID")

log = structlog.get_logger(__name__)


def run(runtime: Runtime, push_run: PushRun, attempt: int) -> PushResult:
    """Push ``push_run``'s revision; the caller holds the lease. Returns how the push ended.

    Raises LeaseLost, and DBAPIError when our database is away.
    """
    quote_id = push_run.quote_id
    try:
        return _compile_and_push(runtime, push_run)
    except (lease.LeaseLost, DBAPIError):
        raise
    except PlanOutdated:
        return results.CHANGED_MEANWHILE
    except deadline.OutOfTime:
        return results.OUT_OF_TIME
    except ServiceError as error:
        return results.of_error(error, attempt)
    except Exception as error:
        log.exception("push.broke", quote=quote_id)
        return results.of_bug(error)


def _compile_and_push(runtime: Runtime, push_run: PushRun) -> PushResult:
    quote, revision = push_run.quote, push_run.revision
    desired = prepare.compile_revision(runtime, quote, revision)
    if desired.problems:
        return AskPerson(_sentence(desired.problems), desired.problems)
    run_journal = journal.Journal(push_run)
    pdf = partial(_pdf, runtime, desired, revision.id)
    with lease.Keeper(quote.id, push_run.token) as keeper:
        # Rendering a long quote takes time, so it happens while the lease is renewed.
        pdf()
        failpoints.reach("push.rendered")
        client = connection.open_client(runtime, on_call=run_journal.on_call, before_call=keeper.check)
        client.act_as(desired.acts_as)
        try:
            result = _push(runtime, client, run_journal, desired, push_run, pdf)
        except (ServiceError, deadline.OutOfTime):
            # The calls so far belong to the run's record too.
            run_journal.commit()
            raise
        if isinstance(result, Done) and not client.may_act:
            result.report.notes.append(NOT_AS_OWNER)
        return result


def _pdf(runtime: Runtime, desired: Desired, revision_id: int) -> bytes:
    """The file that the attachment's key names, also when the customer accepts while this push is under way."""
    is_accepted = desired.attachment.local.kind == ACCEPTANCE
    if is_accepted:
        return document.pdf_to_deliver(revision_id, runtime)
    return document.pdf_for(revision_id, runtime.config.public_base_url)


def _push(
    runtime: Runtime,
    client: Client,
    run_journal: journal.Journal,
    desired: Desired,
    push_run: PushRun,
    pdf: Callable[[], bytes],
) -> PushResult:
    claimed = claims.keys_of(desired)
    if not _claim(push_run, [*claimed.values(), *claims.shared_by(desired)]):
        run_journal.commit()
        return Retry(
            "Another sync is writing the same opportunity, new customer or items in Autotask. This one continues after "
            "it.",
            OTHER_PUSH_SECONDS,
            counts=False,
        )
    run_journal.claimed(claimed)
    failpoints.reach("push.claimed")
    in_doubt = journal.creates_in_doubt(push_run.quote_id)
    for attempt in range(1, REPLANS + 1):
        observation = prepare.observe_remote(client, desired, in_doubt)
        desired = match_catalog.with_names(desired, observation.names)
        planned = _steps(runtime, push_run, desired, observation)
        if isinstance(planned, AskPerson):
            run_journal.commit()
            return planned
        steps = planned
        failpoints.reach("push.observed")
        _link_matches(desired, observation)
        run_journal.linked(observation.just_matched)
        _retire_replaced(desired, observation, steps)
        run_journal.plan(steps)
        failpoints.reach("push.planned")
        _await_updates(client, push_run.quote_id, steps)
        executor = Executor(client, run_journal, observation.known, in_doubt, pdf)
        try:
            executor.run(steps)
        except PlanOutdated as outdated:
            # Someone deleted or created the record in Autotask since it was observed.
            if attempt == REPLANS:
                raise ServiceError(_still_outdated(outdated)) from outdated
            missing.unlink(client, desired, outdated.step)
            run_journal.give_up()
            continue
        except StepFailed as failed:
            refused = _refused_values(runtime, desired, failed)
            if not refused:
                raise
            run_journal.commit()
            return AskPerson(_sentence(refused), tuple(refused))
        failpoints.reach("push.applied")
        report = reconcile.compare(client, desired, executor.ids, executor.lost_items)
        if report.is_opportunity_gone and attempt < REPLANS:
            # Nothing was to be written to it, so no call met its absence. Its quote is worth nothing without it.
            missing.unlink_quote(desired.quote_id, with_opportunity=True)
            run_journal.give_up()
            continue
        break
    failpoints.reach("push.compared")
    corrections = [
        *order.corrections(desired, executor.ids, report, steps),
        *reconcile.deletions(desired, executor.ids, report),
    ]
    if corrections:
        run_journal.plan(corrections)
        executor.run(corrections)
        report = reconcile.compare(client, desired, executor.ids)
    order.note(desired, report, steps)
    if desired.rules and desired.is_shared:
        siblings.give_way(desired, executor.ids[desired.opportunity.key])
    if report.opportunity_fix:
        _fix_amounts(client, run_journal, desired, executor, report)
    journal.resolve_doubts(push_run.quote_id)
    claims.drop(push_run.quote_id)
    run_journal.commit()
    failpoints.reach("push.complete")
    return Done(report)


def _steps(
    runtime: Runtime, push_run: PushRun, desired: Desired, observation: Observation
) -> list[Step] | AskPerson:
    """The steps, or what a person must do before there are any. In the open transaction."""
    if observation.questions or observation.problems:
        _store_questions(push_run, observation.questions)
        sentence = _sentence(observation.problems) or observation.questions[0].sentence
        return AskPerson(sentence, tuple(observation.problems))
    steps = build(desired, observation.known, observation.removed_lines)
    refused = value_checks.of_steps(runtime, desired, steps)
    return AskPerson(_sentence(refused), tuple(refused)) if refused else steps


def _refused_values(runtime: Runtime, desired: Desired, failed: StepFailed) -> list[Problem]:
    """What Autotask refused a step for, if a value is missing, or names a record that is gone or inactive since."""
    if not isinstance(failed.cause, Refused) or not failed.cause.is_about_a_value:
        return []
    return value_checks.of_steps(runtime, desired, [failed.step], refusal=str(failed.cause))


def _claim(push_run: PushRun, keys: list[str]) -> bool:
    """Claim everything that this push might create. Waits a while for another push; False when that takes too long."""
    end = time.monotonic() + CLAIM_SECONDS
    while not claims.take(push_run.quote_id, push_run.token, keys):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def _await_updates(client: Client, quote_id: int, steps: list[Step]) -> None:
    """Before an update, wait until no earlier one can take effect any more."""
    if any(step.action == UPDATE for step in steps):
        until = journal.updates_end_at(quote_id, client.call_seconds)
        db.session.commit()  # no transaction stays open while we wait
        seconds = (until - utc_now()).total_seconds() if until else 0
        if seconds > 0:
            client.pause(seconds)


def _still_outdated(outdated: PlanOutdated) -> str:
    """Why a push stops after it was planned several times."""
    step = outdated.step
    where = f"{step.where[:1].upper()}{step.where[1:]}"
    if step.action == CREATE and not step.parent:
        name = step.fields.get("name")
        return (
            f"{where}: Autotask says that the name “{name}” is taken, but finds no record with this name. Rename the "
            f"line, or link it to the right record. {outdated.cause}"
        )
    return f"{where} keeps changing in Autotask, so the sync was stopped. {outdated.cause}"


def _fix_amounts(
    client: Client,
    run_journal: journal.Journal,
    desired: Desired,
    executor: Executor,
    report: reconcile.Report,
) -> None:
    """When the opportunity doesn't follow its quote, write its amounts in a step like any other."""
    link = links.find(links.key_of(desired.opportunity))
    step = reconcile.amounts_step(desired, executor.ids, report, link)
    run_journal.plan([step])
    executor.run([step])
    reconcile.check_amounts(client, executor.ids, report)


def _store_questions(push_run: PushRun, questions: list[Question]) -> None:
    """Store the questions, in place of this quote's unanswered ones. In the open transaction."""
    db.session.execute(
        db.delete(PushQuestion).where(
            PushQuestion.quote_id == push_run.quote_id, PushQuestion.chosen_id.is_(None)
        )
    )
    for question in questions:
        db.session.add(
            PushQuestion(
                quote_id=push_run.quote_id,
                local=question.key.local,
                remote_entity=question.key.entity,
                sentence=question.sentence,
                candidates=[{"id": c.id, "label": c.label, "detail": c.detail} for c in question.candidates],
            )
        )


def _link_matches(desired: Desired, observation: Observation) -> None:
    """Link the matched records, so that they aren't matched again. In the open transaction."""
    matches = []
    for record in links.records_of(desired):
        if record.key in observation.just_matched:
            remote = observation.known[record.key]
            names = {**record.fields, **record.fill, **dict.fromkeys(IDENTITY)}
            pushed = {name: remote.pushed[name] for name in names if name in remote.pushed}
            matches.append(
                links.NewLink(links.key_of(record), remote.remote_id, remote.parent_id, plain(pushed))
            )
    links.save_all(matches)


def _retire_replaced(desired: Desired, observation: Observation, steps: list[Step]) -> None:
    """Move the link of each item that is replaced out of the way of its successor's. In the open transaction."""
    deleted = {step.remote_id: step for step in steps if step.action == DELETE}
    for item in desired.items:
        remote = observation.known.get(item.key)
        step = deleted.get(remote.remote_id) if remote is not None else None
        if remote is not None and step is not None and step.local != item.local:
            links.retire(links.key_of(item), step.local, remote.remote_id)


def _sentence(problems: Iterable[Problem]) -> str:
    return " ".join(problem.sentence for problem in problems)
