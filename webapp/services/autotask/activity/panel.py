"""The panel on the quote's page with the state of its push."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.models import PushQuestion, PushStep, Quote, User, db, local_key
from webapp.models.push import StepState
from webapp.services.autotask.activity import answers, held, states
from webapp.services.autotask.activity.held import Held
from webapp.services.autotask.activity.states import PushState
from webapp.services.autotask.connection import weblinks
from webapp.services.autotask.known import links, siblings
from webapp.services.autotask.known.links import LinkKey
from webapp.services.autotask.known.siblings import Sibling
from webapp.services.autotask.push import plan
from webapp.services.autotask.wanted.desired import Problem
from webapp.services.core.runtime import Runtime


@dataclass(frozen=True)
class AutotaskLink:
    """A page in Autotask."""

    label: str
    url: str


@dataclass(frozen=True)
class Panel:
    """``held``: which revision Autotask has. ``done`` of ``planned`` steps while it pushes.

    ``mark`` changes with anything that the panel shows. ``differences``: how Autotask's totals differ; ``foreign``:
    lines that someone added in Autotask; ``siblings``: other quotes on the same opportunity.
    """

    state: PushState
    held: Held
    questions: list[PushQuestion]
    problems: list[Problem]
    differences: list[str]
    foreign: list[str]
    autotask_links: list[AutotaskLink]
    siblings: list[Sibling]
    siblings_sentence: str
    done: int = 0
    planned: int = 0
    mark: str = ""

    @property
    def may_push(self) -> bool:
        """True when another push makes sense: none is waiting or running, and no question is open."""
        return self.state.status not in (states.QUEUED, states.PUSHING, "paused", "not_connected") and not (
            self.questions
        )


def of_quote(runtime: Runtime, quote: Quote, viewer: User) -> Panel:
    """The state of the newest push, and what a person can do about it. Quotes that they can't see aren't named."""
    state = states.of_quote(quote)
    report = state.run.report if state.run else {}
    asks = state.status == states.NEEDS_YOU
    done, planned = _progress(state) if state.status == states.PUSHING else (0, 0)
    on_opportunity = siblings.on_same_opportunity(quote, quote.autotask_opportunity_id)
    named = siblings.as_seen(on_opportunity, viewer)
    return Panel(
        state=state,
        held=held.of_quote(quote),
        questions=answers.open_questions(quote.id) if asks else [],
        problems=[Problem(sentence, (area, name)) for sentence, area, name in report.get("problems", [])]
        if asks
        else [],
        differences=list(report.get("differences", [])) if state.status == states.OUT_OF_SYNC else [],
        foreign=list(report.get("foreign", []))
        if state.status in (states.SYNCED, states.OUT_OF_SYNC)
        else [],
        autotask_links=_autotask_links(runtime, quote),
        siblings=[one for one in named[1:] if one in on_opportunity],
        siblings_sentence=" ".join(siblings.sentences(named)),
        done=done,
        planned=planned,
        mark=_mark(state, done),
    )


def _progress(state: PushState) -> tuple[int, int]:
    """How many of the writing steps are done, and how many there are."""
    if state.run is None:
        return 0, 0
    query = (
        db.select(PushStep.state, db.func.count())
        .where(
            PushStep.run_id == state.run.id,
            PushStep.action != plan.KEEP,
            PushStep.state != StepState.OUTDATED,
        )
        .group_by(PushStep.state)
    )
    counts = dict(db.session.execute(query).all())
    return counts.get(StepState.DONE, 0), sum(counts.values())


def _mark(state: PushState, done: int) -> str:
    entry, run = state.entry, state.run
    seen = (state.status, entry.id if entry else 0, entry.attempt if entry else 0, run.id if run else 0, done)
    return "-".join(str(part) for part in seen)


def _autotask_links(runtime: Runtime, quote: Quote) -> list[AutotaskLink]:
    """The pages in Autotask of the quote's linked records."""
    root = weblinks.base(runtime.config.autotask_allowed_hosts)
    wanted = [("Open opportunity in Autotask", LinkKey(local_key.quote(quote.id), "Opportunities"))]
    if quote.organization_id:
        company = LinkKey(local_key.organization(quote.organization_id), "Companies")
        wanted.append(("Open company in Autotask", company))
    result = []
    for label, key in wanted:
        link = links.find(key)
        url = weblinks.record_url(root, key.entity, link.remote_id if link else None)
        if url:
            result.append(AutotaskLink(label, url))
    return result
