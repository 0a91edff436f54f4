"""“Test integration”: compile and plan a sample quote with the saved settings; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from webapp.models import Category, User, utc_now
from webapp.models.catalog import MONTHLY, ONE_TIME
from webapp.services.autotask.connection import prerequisites
from webapp.services.autotask.preview import plan_only
from webapp.services.autotask.preview.plan_only import StepView
from webapp.services.autotask.push import value_checks
from webapp.services.autotask.settings import page as settings_page
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.choices import Choices
from webapp.services.autotask.settings.kinds import KINDS
from webapp.services.autotask.settings.model import AutotaskSettings
from webapp.services.autotask.settings.section_view import DRAFT, NEW, TITLES
from webapp.services.autotask.wanted import facts
from webapp.services.autotask.wanted.compile import compile_quote
from webapp.services.autotask.wanted.context import Outcome
from webapp.services.autotask.wanted.desired import Problem
from webapp.services.catalog import categories, tax_codes
from webapp.services.company import currencies, place
from webapp.services.core.runtime import Runtime
from webapp.services.quoting.revisions.snapshot import (
    Address,
    FrozenLine,
    FrozenOrganization,
    FrozenPerson,
    Snapshot,
)

NAME = "Quotewright sample"


@dataclass(frozen=True)
class DryRun:
    """What the push of the sample would do. ``problems`` would stop it, ``gaps`` would stop other quotes.

    ``notes``: what the sample leaves out.
    """

    steps: list[StepView]
    problems: list[Problem]
    gaps: list[Problem]
    notes: list[str]


def run(runtime: Runtime, actor: User) -> DryRun:
    """Compile, observe and plan the sample. Raises NotConnected or AutotaskError."""
    settings = settings_store.as_saved()
    sample, notes = sample_quote(settings, actor)
    known = facts.gather(runtime)
    desired = compile_quote(
        sample, Outcome(), content_sha256=plan_only.NO_HASH, settings=settings, facts=known
    )
    plan = plan_only.of_desired(runtime, desired)
    values = value_checks.check(runtime, desired, {})
    problems = list(dict.fromkeys([*plan.problems, *values.stops, *values.may]))
    problems += [Problem(question.sentence) for question in plan.questions]
    return DryRun(
        plan_only.in_words(runtime, plan), problems, gaps(Choices(runtime)), [*notes, *plan.warnings]
    )


def gaps(choices: Choices) -> list[Problem]:
    """What the sample can't show: gaps that stop every push, or the pushes of some quotes."""
    result = []
    states = settings_page.overview()
    for name, state in states.items():
        if state == NEW and not KINDS[name].optional:
            result.append(Problem(f"{TITLES[name]}: review and save this section first.", ("settings", name)))
    drafts = [TITLES[name] for name, state in states.items() if state == DRAFT]
    if drafts:
        listed = ", ".join(drafts)
        result.append(Problem(f"Not live yet: {listed}. Press Save Integration.", ("settings", "company")))
    unmapped = settings_page.unmapped(choices)
    if "tax_code" in unmapped:
        count = unmapped["tax_code"]
        codes = "1 tax code isn't" if count == 1 else f"{count} tax codes aren't"
        sentence = f"{codes} mapped. Quotes taxed with {'it' if count == 1 else 'them'} can't sync."
        result.append(Problem(sentence, ("settings", "tax_code")))
    if "item_category" in unmapped:
        count = unmapped["item_category"]
        which = "1 category isn't mapped. Its" if count == 1 else f"{count} categories aren't mapped. Their"
        sentence = f"{which} items use the defaults."
        result.append(Problem(sentence, ("settings", "item_category")))
    advised = prerequisites.advice()
    if advised:
        sentence = f"Your required fields don't include {' and '.join(advised)}, which Autotask needs."
        result.append(Problem(sentence, ("settings", "prerequisites")))
    return result


def sample_quote(settings: AutotaskSettings, actor: User) -> tuple[Snapshot, list[str]]:
    """A quote with a product, a service, labor if a category is labor, and shipping; and notes on its gaps."""
    notes = []
    labor = next((category for category in _all_categories() if is_labor(settings, category)), None)
    goods = next((category for category in _all_categories() if not is_labor(settings, category)), None)
    lines = [
        _line("1", "sample product", ONE_TIME, "2", "149.90", goods),
        _line("2", "sample service", MONTHLY, "5", "29.00", goods),
    ]
    if labor is not None:
        lines.append(_line("3", "sample labor", ONE_TIME, "3", "150.00", labor))
    else:
        notes.append("No category has Labor on, so the sample has no labor line.")
    if not tax_codes.usable():
        notes.append("You have no tax codes, so the sample has no taxes.")
    now, here = utc_now(), place.of_company()
    address = Address(
        line1="1 Sample Street", city="Albany", state="NY", postal_code="12207", country="United States"
    )
    return Snapshot(
        quote_id=0,
        number=0,
        revision=1,
        title=f"{NAME} quote",
        currency=currencies.of_company(),
        published_at=now,
        expires_on=here.day_of(now) + timedelta(days=30),
        place=here,
        owner_name=actor.name,
        owner_email=actor.email,
        organization=FrozenOrganization(
            id=0, name=f"{NAME} company", phone="+1 518 555 0100", billing=address, shipping=address
        ),
        person=FrozenPerson(id=0, first_name="Sam", last_name="Sample", email="sam@sample.example"),
        shipping_amount=Decimal(25),
        lines=tuple(lines),
    ), notes


def is_labor(settings: AutotaskSettings, category: Category) -> bool:
    """Whether lines in the category become labor, by its own rule or its parent's (all: ``labor_categories``)."""
    for key in (category.id, category.parent_id):
        rule = settings.item_category.rules.get(key or 0)
        if rule is not None and rule.is_labor is not None:
            return rule.is_labor
    return False


def labor_categories() -> frozenset[int]:
    """The ids of the categories whose lines become labor, by the live settings."""
    rules = settings_store.active().item_category.rules
    if not any(rule.is_labor for rule in rules.values()):
        return frozenset()
    own = {key: rule.is_labor for key, rule in rules.items() if rule.is_labor is not None}
    return frozenset(
        key for key, parent in categories.parents().items() if own.get(key, own.get(parent or 0))
    )


def _line(
    uid: str, name: str, recurrence: str, quantity: str, price: str, category: Category | None
) -> FrozenLine:
    tax = next(iter(tax_codes.usable()), None)
    return FrozenLine(
        uid=f"sample-{uid}",
        name=f"Quotewright {name}",
        category_id=category.id if category else None,
        parent_category_id=category.parent_id if category else None,
        category_path=category.path if category else "",
        tax_code_id=tax.id if tax else None,
        tax_name=tax.name if tax else "",
        tax_rate=tax.rate if tax else Decimal(0),
        recurrence=recurrence,
        quantity=Decimal(quantity),
        unit_price=Decimal(price),
        unit_cost=Decimal(price) / 2,
    )


def _all_categories() -> list[Category]:
    return [category for top in categories.tree() for category in (top, *top.children)]
