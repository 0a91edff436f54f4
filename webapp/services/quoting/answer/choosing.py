"""What the customer can choose of an offer, laid out for the page, and what a choice changed, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from webapp.models.line import ONE
from webapp.services.core import formatting
from webapp.services.quoting.money.totals import LineTotals, Totals
from webapp.services.quoting.revisions import pricing
from webapp.services.quoting.revisions.pricing import PeriodGroup, SectionGroup
from webapp.services.quoting.revisions.snapshot import FrozenLine, Snapshot

Priced = tuple[FrozenLine, LineTotals]
# By billing period, what a choice changes of the total; periods that it doesn't change aren't in it.
Effect = dict[str, Decimal]


@dataclass(frozen=True)
class Choice:
    """A line that the customer can take. ``effect``: on the totals, with tax, of taking it, or of having taken it.

    Of one of several plans: of taking it instead of the one that is taken. Where nothing can be chosen, it is empty.
    ``has_tax``: some of the effect is tax.
    """

    line: FrozenLine
    amounts: LineTotals
    effect: Effect
    has_tax: bool = False


@dataclass(frozen=True)
class Options:
    """The options of a section in one billing period. ``part``: the section, with its other lines."""

    part: SectionGroup
    choices: list[Choice]


@dataclass(frozen=True)
class PeriodOffer:
    """A billing period on the page: sections to choose one line from, the lines, and the options.

    A section whose lines are all options stands with them, else with its lines.
    """

    group: PeriodGroup
    plans: list[tuple[SectionGroup, list[Choice]]]
    parts: list[SectionGroup]
    options: list[Options]


def shown(frozen: Snapshot, computed: Totals, *, is_open: bool = True) -> dict[str, Any]:
    """What a page shows of an offer: ``pricing.offered``, and ``offers``, laid out to choose from if it ``is_open``."""
    offered = pricing.offered(frozen, computed)
    return {**offered, "offers": laid_out(frozen, computed, offered["groups"], is_open=is_open)}


def laid_out(
    frozen: Snapshot, computed: Totals, groups: list[PeriodGroup], *, is_open: bool = True
) -> list[PeriodOffer]:
    """The offer by period, with plans and options apart from the lines that the customer gets anyway."""
    chosen = pricing.choices(frozen)

    def choice(line: FrozenLine, amounts: LineTotals, others: set[str]) -> Choice:
        # The totals of the whole quote, for each choice that can be made here.
        if not is_open or line.is_again:
            return Choice(line, amounts, {})
        is_off = line.uid in chosen and not others
        instead = chosen - {line.uid} if is_off else (chosen - others) | {line.uid}
        after = pricing.of_snapshot(pricing.with_choices(frozen, instead))
        before, after = (after, computed) if is_off else (computed, after)
        has_tax = any(one.tax != before.periods[name].tax for name, one in after.periods.items())
        return Choice(line, amounts, difference(before, after), has_tax)

    def options(part: SectionGroup) -> list[Choice]:
        return [choice(line, amounts, set()) for line, amounts in part.lines if _is_option(part, line)]

    def plans(part: SectionGroup) -> list[Choice]:
        others = {one.uid for one in frozen.lines if part.section and one.section_uid == part.section.uid}
        return [choice(line, amounts, others) for line, amounts in part.lines]

    return [
        PeriodOffer(
            group,
            [(part, plans(part)) for part in group.parts if _is_choice(part) and part.lines],
            [kept for part in group.parts if not _is_choice(part) and (kept := _without_options(part))],
            [Options(part, found) for part in group.parts if (found := options(part))],
        )
        for group in groups
    ]


def change(before: Snapshot, after: Snapshot, now: Totals) -> str:
    """What choosing changed, with the totals that changed: “Added Cabling for $495.00. One-time total $980.00.”

    ``now``: the totals after it.
    """
    was = pricing.of_snapshot(before)
    effect = difference(was, now)
    said = list(_taken(before, after))
    if len(said) == 1 and said[0].startswith("Added"):
        said = [f"{said[0]} for {_amounts(effect, after)}"] if effect else said
    totals = {name: formatting.money(now.periods[name].total, after.currency, after.place) for name in effect}
    sums = (f"{formatting.period_label(name)} total {total}." for name, total in totals.items())
    return " ".join([*(f"{one}." for one in said), *sums])


def _taken(before: Snapshot, after: Snapshot) -> Iterator[str]:
    """What was added, removed, selected or changed in its quantity."""
    ones = {section.uid for section in after.sections if section.choice == ONE}
    wholes = {section.uid for section in after.sections if section.is_whole}
    for old, section in zip(before.sections, after.sections, strict=True):
        if old.is_selected != section.is_selected:
            yield f"{'Added' if section.is_selected else 'Removed'} {section.title}"
    for was, now in zip(before.lines, after.lines, strict=True):
        if was.quantity != now.quantity:
            yield f"{now.name}: {formatting.quantity(now.quantity, after.place)} instead of " + (
                formatting.quantity(was.quantity, after.place)
            )
        if was.is_selected == now.is_selected or now.section_uid in wholes:
            continue
        if now.section_uid not in ones:
            yield f"{'Added' if now.is_selected else 'Removed'} {now.name}"
        elif now.is_selected:
            yield f"{now.name} selected"


def _amounts(effect: Effect, frozen: Snapshot) -> str:
    return " and ".join(
        f"{formatting.money(amount, frozen.currency, frozen.place)} {formatting.period_suffix(name)}".strip()
        for name, amount in effect.items()
    )


def difference(before: Totals, after: Totals) -> Effect:
    """What the totals of each billing period rise by, where they do anything."""
    totals = {name: period.total - before.periods[name].total for name, period in after.periods.items()}
    return {name: amount for name, amount in totals.items() if amount}


def _is_choice(part: SectionGroup) -> bool:
    return part.section is not None and part.section.choice == ONE


def _is_option(part: SectionGroup, line: FrozenLine) -> bool:
    return line.is_optional and (part.section is None or not (part.section.is_whole or _is_choice(part)))


def _without_options(part: SectionGroup) -> SectionGroup | None:
    """The part without its options; None where nothing else is in it."""
    lines = [priced for priced in part.lines if not _is_option(part, priced[0])]
    return SectionGroup(part.section, lines, part.is_first) if lines or not part.lines else None
