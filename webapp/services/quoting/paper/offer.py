"""An offer as it is laid out on paper: the lines that count by period, then what can be chosen or added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from webapp.models.line import ONE
from webapp.services.core import formatting
from webapp.services.quoting.answer import choosing
from webapp.services.quoting.answer.choosing import Choice
from webapp.services.quoting.money.totals import LineTotals, Totals
from webapp.services.quoting.paper.columns import Figures
from webapp.services.quoting.revisions import pricing
from webapp.services.quoting.revisions.pricing import PeriodGroup, SectionGroup
from webapp.services.quoting.revisions.snapshot import FrozenLine, FrozenSection, Snapshot


@dataclass(frozen=True)
class Period:
    """The lines of a billing period that the totals include. ``marked``: what the marks of taxed lines mean."""

    group: PeriodGroup
    parts: list[SectionGroup]
    marked: str

    def note(self, part: SectionGroup, line: FrozenLine) -> str:
        """What is said of a line that the customer chose."""
        if part.section and part.section.choice == ONE:
            return "Selected"
        return (
            "Optional – selected" if line.is_optional and not (part.section and part.section.is_whole) else ""
        )


@dataclass(frozen=True)
class Plan:
    """A section of which one line is taken. ``tells``: its text isn't printed elsewhere."""

    section: FrozenSection
    choices: list[Choice]
    tells: bool


@dataclass(frozen=True)
class Option:
    """What can be added: a line, or a section as a whole with its lines. ``adds``: to the totals, in words."""

    title: str
    adds: Sequence[str]
    line: FrozenLine | None = None
    amounts: LineTotals | None = None
    section: FrozenSection | None = None
    lines: tuple[FrozenLine, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A figure below the totals, with how it is reckoned. ``is_due``: it is what is to be paid first."""

    label: str
    formula: str
    amount: Decimal
    is_due: bool = False


class Laid:
    """The parts of an offer that the template and the columns ask for."""

    def __init__(self, frozen: Snapshot, computed: Totals, offered: dict[str, Any]) -> None:
        self._frozen, self._computed = frozen, computed
        self._rates = _marks(frozen)
        self.groups: list[PeriodGroup] = offered["groups"]
        offers = choosing.laid_out(frozen, computed, self.groups)
        self.periods = [self._period(group) for group in self.groups]
        self.periods = [period for period in self.periods if period.parts or period.group.sums.total]
        if not self.periods:
            self.periods = [self._period(group) for group in self.groups[:1]]
        self.sums = [period.group for period in self.periods]
        self.plans = [
            Plan(
                part.section, choices, tells=part.is_first and not any(line.counts for line, _ in part.lines)
            )
            for offer in offers
            for part, choices in offer.plans
            if part.section
        ]
        self.options = [
            self._option(choice)
            for offer in offers
            for options in offer.options
            for choice in options.choices
            if not choice.amounts.counts and not choice.line.is_again
        ] + [self._whole(section) for section in frozen.sections if self._is_left_out(section)]
        self.marks: Mapping[str, str] = {
            line.uid: self._rates.get((line.tax_name, line.tax_rate), "") for line in frozen.lines
        }

    def money(self, amount: Decimal) -> str:
        """An amount as it is printed."""
        return formatting.money(amount, self._frozen.currency, self._frozen.place)

    def saved(self, line: FrozenLine, amounts: LineTotals) -> str:
        """The discount of a line as it is printed: “10% off, –$1,666.80”."""
        is_its_own = amounts.discount == amounts.own_discount
        if line.discount_kind == "percent" and is_its_own:
            percent = formatting.quantity(line.discount_value, self._frozen.place)
            return f"{percent}% off, –{self.money(amounts.discount)}"
        return f"off –{self.money(amounts.discount)}"

    def effect(self, choice: Choice, *, plan: bool = False) -> str:
        """What taking a line would do to the totals."""
        if plan and choice.line.is_selected:
            return "in the total"
        return Markup(", ").join(self._said(choice.effect)) or "same price"

    def figures(self, figures: list[Figure]) -> Figures:
        """All figures that are printed in columns."""
        frozen = self._frozen
        lines = [
            (
                formatting.quantity(line.quantity, frozen.place),
                formatting.unit_money(line.unit_price, frozen.currency, frozen.place),
                self.money(amounts.net),
            )
            for period in self.periods
            for part in period.parts
            for line, amounts in part.lines
        ]
        nets = [part.net for period in self.periods for part in period.parts if part.section]
        totals = [amount for group in self.sums for amount in (group.sums.net, group.sums.total)]
        summary = [
            (
                self.money(group.sums.net),
                self.money(group.sums.tax + group.sums.shipping),
                self.money(group.sums.total),
            )
            for group in self.sums
        ]
        summary += [("", "", self.money(figure.amount)) for figure in figures]
        return Figures(
            lines, [self.money(amount) for amount in (*nets, *totals)], list(self._rates.values()), summary
        )

    def _period(self, group: PeriodGroup) -> Period:
        parts = [
            SectionGroup(
                part.section,
                [(line, amounts) for line, amounts in part.lines if amounts.counts],
                part.is_first,
            )
            for part in group.parts
        ]
        kept = [part for part, whole in zip(parts, group.parts, strict=True) if part.lines or not whole.lines]
        found = {(line.tax_name, line.tax_rate) for part in kept for line, _ in part.lines} & set(self._rates)
        said = ", ".join(
            f"{mark} = taxed at {formatting.quantity(rate[1], self._frozen.place)}%"
            for rate, mark in self._rates.items()
            if rate in found
        )
        return Period(group, kept, said)

    def _option(self, choice: Choice) -> Option:
        adds = list(self._said(choice.effect, with_tax=bool(choice.line.tax_name)))
        return Option(choice.line.name, adds or ["adds nothing"], choice.line, choice.amounts)

    def _whole(self, section: FrozenSection) -> Option:
        chosen = pricing.choices(self._frozen) | {section.uid}
        then = pricing.of_snapshot(pricing.with_choices(self._frozen, chosen))
        totals = {
            name: period.total - self._computed.periods[name].total for name, period in then.periods.items()
        }
        lines = tuple(line for line in self._frozen.lines if line.section_uid == section.uid)
        adds = list(self._said({name: amount for name, amount in totals.items() if amount}))
        return Option(section.title, adds or ["adds nothing"], section=section, lines=lines)

    def _is_left_out(self, section: FrozenSection) -> bool:
        has_lines = any(line.section_uid == section.uid for line in self._frozen.lines)
        return section.is_whole and not section.is_selected and has_lines

    def _said(self, effect: Mapping[str, Decimal], *, with_tax: bool = False) -> list[Markup]:
        tax = " with tax" if with_tax else ""
        return [
            Markup("{} <b>{}</b>{}{}").format(
                "adds" if amount > 0 else "saves",
                self.money(abs(amount)),
                tax,
                f" {formatting.period_suffix(name)}".rstrip(),
            )
            for name, amount in effect.items()
        ]


def _marks(frozen: Snapshot) -> dict[tuple[str, Decimal], str]:
    """The mark of each tax: T, or T1, T2 … where there are several."""
    rates = dict.fromkeys((line.tax_name, line.tax_rate) for line in frozen.lines if line.tax_name)
    if len(rates) == 1:
        return dict.fromkeys(rates, "T")
    return {rate: f"T{number}" for number, rate in enumerate(rates, start=1)}
