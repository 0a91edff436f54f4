"""What a push would do, with nothing written to Autotask: for a quote as it is now, or for a compiled sample."""

from __future__ import annotations

from dataclasses import dataclass, replace

from webapp.models import Quote, Revision, User, utc_now
from webapp.models.quote import PENDING
from webapp.services.autotask.connection import connection
from webapp.services.autotask.known import match_catalog, siblings
from webapp.services.autotask.known.observation import Question
from webapp.services.autotask.push import prepare, value_checks
from webapp.services.autotask.push.plan import Step, build, writes
from webapp.services.autotask.push.wording import ACTIONS, ENTITIES, Change, FieldFormatter, titles_of
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.wanted import repeats
from webapp.services.autotask.wanted.desired import Desired, Problem
from webapp.services.core.runtime import Runtime
from webapp.services.quoting.revisions import former_ids, freezing, numbering
from webapp.services.quoting.revisions.snapshot import Snapshot

NOT_ACTIVE = Problem(
    "The Autotask settings aren't live yet. Syncs wait until an admin presses Save Integration.",
    ("settings", ""),
)
# Stands for the hash of an unpublished revision in the name of its PDF.
NO_HASH = "…"


@dataclass(frozen=True)
class Plan:
    """What a push would do. ``steps`` is empty while questions or problems would stop it."""

    desired: Desired
    steps: list[Step]
    warnings: tuple[str, ...]
    problems: tuple[Problem, ...]
    questions: tuple[Question, ...]

    @property
    def writes(self) -> list[Step]:
        """The steps that would change something in Autotask."""
        return writes(self.steps)


@dataclass(frozen=True)
class Preview:
    """The plan of one quote. ``is_draft``: for the revision that publishing now would create, with its ``number``."""

    plan: Plan
    number: int
    revision: int
    is_draft: bool


def of_desired(runtime: Runtime, desired: Desired) -> Plan:
    """Observe and plan; reads only. Raises NotConnected, ConnectionRefused or AutotaskError."""
    seen = prepare.observe_remote(connection.open_client(runtime), desired)
    desired = match_catalog.with_names(desired, seen.names)
    problems = (*desired.problems, *seen.problems)
    steps = [] if problems or seen.questions else build(desired, seen.known, seen.removed_lines)
    refused = value_checks.of_steps(runtime, desired, steps)
    if refused:
        problems, steps = (*problems, *refused), []
    same = repeats.find(desired, {key: remote.remote_id for key, remote in seen.known.items()})
    warnings = (*desired.warnings, *(problem.sentence for problem in same.may), *same.notes)
    return Plan(desired, steps, warnings, problems, tuple(seen.questions))


def of_quote(runtime: Runtime, quote: Quote, viewer: User | None = None) -> Preview:
    """What pushing the quote would do: its working copy if it has unpublished changes, else its revision.

    ``viewer``: quotes that they can't see aren't named; None for the operator. Raises like ``of_desired``.
    """
    connection.open_client(runtime)
    frozen, revision = compiled_from(quote)
    sha256 = revision.content_sha256 if revision else NO_HASH
    desired = prepare.of_snapshot(runtime, quote, frozen, sha256)
    plan = of_desired(runtime, desired)
    plan = replace(plan, warnings=(*plan.warnings, *siblings_of(quote, frozen, viewer)))
    if not settings_store.active().version:
        plan = Plan(desired, [], plan.warnings, (NOT_ACTIVE,), ())
    return Preview(plan, frozen.number, frozen.revision, is_draft=revision is None)


def siblings_of(quote: Quote, frozen: Snapshot, viewer: User | None) -> list[str]:
    """What a person should know about other quotes on the same opportunity."""
    on_opportunity = siblings.on_same_opportunity(quote, frozen.autotask_opportunity_id)
    return siblings.sentences(siblings.as_seen(on_opportunity, viewer))


def compiled_from(quote: Quote) -> tuple[Snapshot, Revision | None]:
    """The snapshot that the next push would compile, and its revision; None when it would be a new revision."""
    current = quote.current_revision
    if current is None or (quote.status == PENDING and freezing.has_changes(quote, current)):
        number = quote.number or numbering.coming_quote_number()
        revision = current.number + 1 if current else 1
        return freezing.freeze(quote, number=number, revision=revision, published_at=utc_now()), None
    return former_ids.read(current), current


@dataclass(frozen=True)
class StepView:
    """One step in words. ``kind``: the action as stored."""

    kind: str
    action: str
    entity: str
    title: str
    changes: list[Change]


def in_words(runtime: Runtime, plan: Plan) -> list[StepView]:
    """The writing steps in words."""
    words, titles = FieldFormatter(runtime), titles_of(plan.desired)
    return [
        StepView(
            kind=step.action,
            action=ACTIONS[step.action],
            entity=ENTITIES.get(step.entity, step.entity),
            title=step.title,
            changes=words.changes(step, titles),
        )
        for step in plan.writes
    ]
