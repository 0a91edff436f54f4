"""``flask autotask``: preview a push, or push, from the command line."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from webapp.cli.autotask_links import links
from webapp.models import Delivery, PushQuestion, PushRun, Quote
from webapp.models.delivery import DeliveryState
from webapp.models.push import RunState, StepState
from webapp.services.autotask.activity import answers
from webapp.services.autotask.preview import plan_only
from webapp.services.autotask.push import at_once
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime

autotask = AppGroup("autotask", help="Datto Autotask PSA: pushes and links.")
autotask.add_command(links)

DIFFERS, NEEDS_PERSON, WAITS = 3, 4, 5
EXIT_CODES: dict[str, int] = {
    RunState.SYNCED: 0,
    RunState.OUT_OF_SYNC: DIFFERS,
    RunState.NEEDS_YOU: NEEDS_PERSON,
    RunState.RETRYING: WAITS,
}


def runtime() -> Runtime:
    """The runtime of the application."""
    found = current_app.extensions["quotewright"]
    assert isinstance(found, Runtime)  # noqa: S101  for the type checker
    return found


@autotask.command("push")
@click.argument("quote")
@click.option(
    "--dry-run", is_flag=True, help="only show what the push would do; nothing is written to Autotask"
)
@click.option("--json", "as_json", is_flag=True, help="print the steps as JSON")
@click.pass_context
def push(context: click.Context, quote: str, dry_run: bool, as_json: bool) -> None:
    """Push QUOTE (its number, its id, or id:7) to Autotask now.

    Exit codes: 0 synced, or nothing to do; 1 failed; 3 pushed, but Autotask's totals differ; 4 a person must fix or
    choose something first; 5 waiting, a worker retries it.
    """
    try:
        found = at_once.find_quote(quote)
        code = _dry_run(found, as_json) if dry_run else _push(found, as_json)
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    context.exit(code)


def _dry_run(quote: Quote, as_json: bool) -> int:
    seen = plan_only.of_quote(runtime(), quote)
    plan = seen.plan
    if as_json:
        _print_json(
            quote=_name(quote, seen.number),
            revision=seen.revision,
            is_draft=seen.is_draft,
            problems=[problem.sentence for problem in plan.problems],
            questions=[
                _question(question.sentence, [asdict(candidate) for candidate in question.candidates])
                for question in plan.questions
            ],
            warnings=list(plan.warnings),
            steps=[
                {
                    "action": step.action,
                    "entity": step.entity,
                    "title": step.title,
                    "remote_id": step.remote_id,
                    "changes": step.changes,
                }
                for step in plan.steps
            ],
        )
    else:
        draft = ", as publishing now would create it" if seen.is_draft else ""
        click.echo(f"Quote {seen.number} “{quote.title}”, revision {seen.revision}{draft}")
        _print_plan(plan)
    return NEEDS_PERSON if plan.problems or plan.questions else 0


def _print_plan(plan: plan_only.Plan) -> None:
    for sentence in plan.warnings:
        click.echo(f"Note: {sentence}")
    if plan.problems or plan.questions:
        click.echo("The push would stop before writing anything:")
        for problem in plan.problems:
            click.echo(f"  - {problem.sentence}")
        for question in plan.questions:
            click.echo(f"  - {question.sentence}")
            for candidate in question.candidates:
                click.echo(f"      {candidate.id}  {candidate.label}  {candidate.detail}".rstrip())
        return
    shown = plan_only.in_words(runtime(), plan)
    for place, step in enumerate(shown, start=1):
        click.echo(f"{place:>3}. {step.action:<6}  {step.entity}: {step.title}")
        for change in step.changes:
            before = f"{change.before} -> " if change.before else ""
            click.echo(f"       {change.label}: {before}{change.after}".replace("\n", "\n         "))
    same = len(plan.steps) - len(shown)
    click.echo(f"{len(shown)} to write, {same} already match. Nothing was written.")


def _push(quote: Quote, as_json: bool) -> int:
    name = _name(quote, quote.number)
    entry, run = at_once.push_now(runtime(), quote)
    if as_json:
        _print_json(
            quote=name,
            state=run.state if run else entry.state,
            sentence=_sentence(entry, run),
            questions=[_question(question.sentence, question.candidates) for question in _asked(run)],
            steps=[_step(step) for step in run.steps] if run else [],
        )
    else:
        for step in run.steps if run else []:
            if step.state != StepState.UNCHANGED:
                words = f"{step.position:>3}. {step.state:<8} {step.action:<6} {step.entity}: {step.title}"
                click.echo(f"{words} {step.sentence}".rstrip())
        click.echo(_sentence(entry, run), err=bool(_code(entry, run)))
        for question in _asked(run):
            click.echo(f"  - {question.sentence}", err=True)
            for candidate in question.candidates:
                text = f"      {candidate['id']}  {candidate['label']}  {candidate['detail']}"
                click.echo(text.rstrip(), err=True)
        if _asked(run):
            click.echo(f"Answer at {runtime().config.public_base_url}/activity/quotes/{quote.id}", err=True)
    return _code(entry, run)


def _asked(run: PushRun | None) -> list[PushQuestion]:
    """The push's open questions."""
    return answers.open_questions(run.quote_id) if run is not None and run.state == RunState.NEEDS_YOU else []


def _question(sentence: str, candidates: list[dict[str, Any]]) -> dict[str, Any]:
    return {"sentence": sentence, "candidates": candidates}


def _code(entry: Delivery, run: PushRun | None) -> int:
    if run is not None:
        return EXIT_CODES.get(run.state, 1)
    return WAITS if entry.state == DeliveryState.WAITING else 1


def _sentence(entry: Delivery, run: PushRun | None) -> str:
    if run is not None and run.state == RunState.SYNCED:
        return "Synced. Totals match Autotask."
    sentence = (
        (run.sentence if run else "") or entry.outcome or "A newer push of this quote replaces this one."
    )
    waits = " A worker will retry it." if _code(entry, run) == WAITS else ""
    return f"{sentence}{waits}"


def _step(step: Any) -> dict[str, Any]:
    names = ("position", "action", "entity", "title", "state", "remote_id", "changes", "sentence")
    return {name: getattr(step, name) for name in names}


def _name(quote: Quote, number: int | None) -> dict[str, Any]:
    return {"id": quote.id, "number": number, "title": quote.title}


def _print_json(**content: Any) -> None:
    click.echo(json.dumps(content, ensure_ascii=False, indent=2))
