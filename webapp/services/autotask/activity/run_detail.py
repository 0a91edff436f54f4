"""One push in words: its steps with each field before and after, its calls, its totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from webapp.models import Delivery, PushCall, PushRun, PushStep, db
from webapp.models.push import StepState
from webapp.services.autotask.activity import repush
from webapp.services.autotask.activity.runs import digest
from webapp.services.autotask.connection import weblinks
from webapp.services.autotask.push import plan
from webapp.services.autotask.push.wording import ACTIONS, ENTITIES, Change, FieldFormatter, label
from webapp.services.core.formatting import period_label
from webapp.services.core.runtime import Runtime

STEP_STATES: dict[str, str] = {
    StepState.PLANNED: "Not reached",
    StepState.INTENT: "Unconfirmed",
    StepState.DONE: "Done",
    StepState.FAILED: "Failed",
    StepState.UNCHANGED: "Already matches",
    StepState.RESOLVED: "Interrupted",
    StepState.OUTDATED: "Replanned",
}


@dataclass(frozen=True)
class RunStepView:
    """A step in words. ``seconds``: its duration; ``url``: its record in Autotask, if the record has a page there.

    ``rerun``: the label of the button that pushes again from this step; empty if that would do nothing.
    """

    step: PushStep
    action: str
    entity: str
    state: str
    seconds: float | None
    url: str
    changes: list[Change]
    rerun: str


@dataclass(frozen=True)
class PeriodTotal:
    """The total of one billing period, in the quote and in Autotask.

    ``moves``: each reason why they differ, with what it adds in Autotask. ``agrees``: there is no other difference.
    """

    period: str
    here: str
    there: str
    moves: list[tuple[str, str]]
    agrees: bool


@dataclass(frozen=True)
class RunDetail:
    """``attempts``: every run of the same push. ``repeated``: the number of failed calls that were made again.

    ``records``: the record that a call was for, by the key of its step; calls that read before the plan have none.
    """

    run: PushRun
    entry: Delivery | None
    written: list[RunStepView]
    unchanged: list[RunStepView]
    calls: list[PushCall]
    records: dict[str, str]
    attempts: list[PushRun]
    totals: list[PeriodTotal]
    differences: list[str]
    foreign: list[str]
    notes: list[str]
    seconds: float | None
    repeated: int
    is_newest: bool
    mark: str


def of_run(runtime: Runtime, run: PushRun) -> RunDetail:
    """Everything stored about a run, without a call to Autotask."""
    root = weblinks.base(runtime.config.autotask_allowed_hosts)
    rows = db.session.scalars(db.select(PushStep).filter_by(run_id=run.id).order_by(PushStep.id)).all()
    titles = {(row.entity, row.remote_id): row.title for row in rows if row.remote_id is not None}
    words = FieldFormatter(replace(runtime, offline=True), titles)
    steps = [_step_view(words, root, row) for row in rows]
    calls = _calls(run.id)
    report = run.report
    return RunDetail(
        run=run,
        entry=db.session.get(Delivery, run.delivery_id) if run.delivery_id else None,
        written=[view for view in steps if view.step.action != plan.KEEP],
        unchanged=[view for view in steps if view.step.action == plan.KEEP],
        calls=calls,
        records={row.key: f"{ENTITIES.get(row.entity, row.entity)} {row.title}" for row in rows},
        attempts=_attempts(run),
        totals=[
            _total(name, Decimal(pair[0]), Decimal(pair[1]), report.get("translations", []))
            for name, pair in report.get("amounts", {}).items()
        ],
        differences=list(report.get("differences", [])),
        foreign=list(report.get("foreign", [])),
        notes=list(report.get("notes", [])),
        seconds=_between(run.started_at, run.finished_at),
        repeated=_repeated(calls),
        is_newest=repush.newest_run_id(run.quote_id) == run.id,
        mark=digest([run.state, str(len(calls)), *(row.state for row in rows)]),
    )


def _total(name: str, here: Decimal, there: Decimal, translations: list[Any]) -> PeriodTotal:
    moves = [(sentence, Decimal(amounts[name])) for sentence, amounts in translations if name in amounts]
    expected = here + sum(amount for _, amount in moves)
    listed = [(sentence, f"{amount:+,.2f}") for sentence, amount in moves]
    return PeriodTotal(period_label(name), _amount(str(here)), _amount(str(there)), listed, expected == there)


def _calls(run_id: int) -> list[PushCall]:
    """The calls in order, without their bodies, which may be long."""
    query = (
        db.select(PushCall)
        .filter_by(run_id=run_id)
        .options(db.defer(PushCall.request_body), db.defer(PushCall.response_body))
        .order_by(PushCall.id)
    )
    return list(db.session.scalars(query))


def _repeated(calls: list[PushCall]) -> int:
    """How many calls failed or were throttled and were followed by the same call."""
    later: set[tuple[str, str]] = set()
    count = 0
    for call in reversed(calls):
        same = (call.method, call.path)
        failed = call.status is None or call.status == 429 or call.status >= 500
        count += failed and same in later
        later.add(same)
    return count


def _attempts(run: PushRun) -> list[PushRun]:
    query = (
        db.select(PushRun).filter_by(quote_id=run.quote_id, delivery_id=run.delivery_id).order_by(PushRun.id)
    )
    return list(db.session.scalars(query))


def _step_view(words: FieldFormatter, root: str, step: PushStep) -> RunStepView:
    return RunStepView(
        step=step,
        action=ACTIONS.get(step.action, "Keep"),
        entity=ENTITIES.get(step.entity, step.entity),
        state=STEP_STATES.get(step.state, step.state),
        seconds=_between(step.started_at, step.finished_at),
        url=weblinks.record_url(root, step.entity, step.remote_id),
        changes=[] if step.action in (plan.DELETE, plan.KEEP) else _changes(words, step),
        rerun=_rerun_label(step),
    )


def _rerun_label(step: PushStep) -> str:
    if not repush.can_repeat(step):
        return ""
    return "Re-run from this step" if step.state == StepState.DONE else "Retry from this step"


def _amount(text: str) -> str:
    return f"{Decimal(text):,.2f}"


def _changes(words: FieldFormatter, step: PushStep) -> list[Change]:
    changes: Mapping[str, Any] = step.changes
    return [
        Change(
            label(name),
            "" if step.action == plan.CREATE else words.value(step.entity, name, before),
            words.value(step.entity, name, after),
        )
        for name, (before, after) in changes.items()
    ]


def _between(start: datetime | None, end: datetime | None) -> float | None:
    return (end - start).total_seconds() if start and end else None
