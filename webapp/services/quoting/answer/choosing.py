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


@dataclass(frozen=True)
class Plan:
    """One of several lines of which the customer takes one. ``more``: than the one that is taken; below 0 for less."""

    line: FrozenLine
    amounts: LineTotals
    more: Decimal


@dataclass(frozen=True)
class PeriodOffer:
    """A billing period on the page: sections to choose one line from, the lines, and the options.

    ``added``: the net of the options that are taken; it is part of the period's net, but not of ``subtotal``.
    """

    group: PeriodGroup
    plans: list[tuple[SectionGroup, list[Plan]]]
    parts: list[SectionGroup]
    options: list[Priced]

    @property
    def added(self) -> Decimal:
        """The options that are taken, without tax."""
        return sum((amounts.net for _, amounts in self.options if amounts.counts), Decimal("0.00"))

    @property
    def subtotal(self) -> Decimal:
        """All else, without tax."""
        return self.group.sums.net - self.added


def shown(frozen: Snapshot, computed: Totals) -> dict[str, Any]:
    """What a page shows of an offer: ``pricing.offered``, and ``offers``, laid out to choose from."""
    offered = pricing.offered(frozen, computed)
    return {**offered, "offers": laid_out(offered["groups"])}


def laid_out(groups: list[PeriodGroup]) -> list[PeriodOffer]:
    """The offer by period, with plans and options apart from the lines that the customer gets anyway."""
    return [
        PeriodOffer(
            group,
            [(part, _plans(part)) for part in group.parts if _is_choice(part) and part.lines],
            [kept for part in group.parts if not _is_choice(part) and (kept := _without_options(part))],
            [priced for part in group.parts for priced in part.lines if _is_option(part, priced[0])],
        )
        for group in groups
    ]


def change(before: Snapshot, after: Snapshot) -> str:
    """What choosing changed, with the totals that changed: “Added Cabling for $495.00. One-time total $980.00.”"""
    totals_before, totals_after = pricing.of_snapshot(before), pricing.of_snapshot(after)
    said = [*_taken(before, after, totals_after), *_sums(after, totals_before, totals_after)]
    return " ".join(said)


def _taken(before: Snapshot, after: Snapshot, totals: Totals) -> Iterator[str]:
    ones = {section.uid for section in after.sections if section.choice == ONE}
    wholes = {section.uid for section in after.sections if section.is_whole}
    for old, section in zip(before.sections, after.sections, strict=True):
        if old.is_selected != section.is_selected:
            yield f"{'Added' if section.is_selected else 'Removed'} {section.title}."
    for was, now, amounts in zip(before.lines, after.lines, totals.lines, strict=True):
        if was.is_selected == now.is_selected or now.section_uid in wholes:
            continue
        if now.section_uid in ones:
            if now.is_selected:
                yield f"{now.name} selected."
        else:
            amount = _amount(now, amounts, after)
            yield f"Added {now.name} for {amount}." if now.is_selected else f"Removed {now.name}."


def _amount(line: FrozenLine, amounts: LineTotals, frozen: Snapshot) -> str:
    """What a line comes to, of a bundle in each of its billing periods: “$900.00 and $80.00 per month”."""
    own, *others = amounts.by_period(line.recurrence)
    said = [formatting.money(own[1].net, frozen.currency, frozen.place)]
    for name, one in others:
        amount = formatting.money(one.net, frozen.currency, frozen.place)
        said.append(f"{amount} {formatting.period_suffix(name) or 'once'}")
    return " and ".join(said)


def _sums(after: Snapshot, totals_before: Totals, totals_after: Totals) -> Iterator[str]:
    for name, period in totals_after.periods.items():
        if period.total != totals_before.periods[name].total:
            total = formatting.money(period.total, after.currency, after.place)
            yield f"{formatting.period_label(name)} total {total}."


def _is_choice(part: SectionGroup) -> bool:
    return part.section is not None and part.section.choice == ONE


def _is_option(part: SectionGroup, line: FrozenLine) -> bool:
    return line.is_optional and (part.section is None or not (part.section.is_whole or _is_choice(part)))


def _without_options(part: SectionGroup) -> SectionGroup | None:
    """The part without its options; None where nothing else is in it."""
    lines = [priced for priced in part.lines if not _is_option(part, priced[0])]
    return SectionGroup(part.section, lines, part.is_first) if lines or not part.lines else None


def _plans(part: SectionGroup) -> list[Plan]:
    taken = next((amounts.net for _, amounts in part.lines if amounts.counts), Decimal(0))
    return [Plan(line, amounts, amounts.net - taken) for line, amounts in part.lines]
