"""An offer as it is laid out on paper: the lines that count by period, then what can be chosen or added."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from webapp.models.line import ONE
from webapp.services.core import formatting
from webapp.services.quoting.answer import choosing
from webapp.services.quoting.answer.choosing import Choice, PeriodOffer
from webapp.services.quoting.money.totals import LineTotals, Totals
from webapp.services.quoting.paper.columns import Figures
from webapp.services.quoting.revisions import parts, pricing
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
    """A section of which one line is taken. ``is_first``: nothing of it is printed before."""

    section: FrozenSection
    choices: list[Choice]
    is_first: bool

    @property
    def starts_page(self) -> bool:
        """The plan begins a page."""
        return self.is_first and self.section.starts_page


@dataclass(frozen=True)
class Option:
    """What can be added: a line, or a section as a whole with its lines. ``adds``: to the totals, in words.

    Amounts are what they are once it is taken. ``whole``: the section, of one that is taken as a whole.
    """

    title: str
    adds: Sequence[str]
    lines: list[tuple[FrozenLine, LineTotals]]
    whole: FrozenSection | None = None


@dataclass(frozen=True)
class Options:
    """Options of one section, of any billing period. ``section``: None for those without one, and for whole sections.

    ``is_first``: nothing of the section is printed before.
    """

    section: FrozenSection | None
    options: list[Option]
    is_first: bool

    @property
    def lines(self) -> list[tuple[FrozenLine, LineTotals]]:
        """The lines that are options themselves."""
        return [line for option in self.options if not option.whole for line in option.lines]

    @property
    def starts_page(self) -> bool:
        """The options begin a page."""
        whole = self.options[0].whole
        return self.is_first and any(one.starts_page for one in (self.section, whole) if one)


@dataclass(frozen=True)
class Figure:
    """A figure below the totals, with how it is reckoned. ``is_due``: it is what is to be paid first."""

    label: str
    formula: str
    amount: Decimal
    is_due: bool = False


class Laid:
    """The parts of an offer that the template and the columns ask for."""

    def __init__(
        self, frozen: Snapshot, computed: Totals, offered: dict[str, Any], images: Collection[str] = ()
    ) -> None:
        self._frozen, self._computed, self._images = frozen, computed, images
        self._rates = _marks(frozen)
        self.groups: list[PeriodGroup] = offered["groups"]
        # The sections that something is printed of, in the order of the paper: lines, plans, options.
        self._seen: set[str] = set()
        offers = choosing.laid_out(frozen, computed, self.groups)
        self.periods = [self._period(group) for group in self.groups]
        self.periods = [period for period in self.periods if period.parts or period.group.sums.total]
        if not self.periods:
            self.periods = [self._period(group) for group in self.groups[:1]]
        self.sums = [period.group for period in self.periods]
        self.plans = [
            Plan(part.section, choices, self._is_first(part.section))
            for offer in offers
            for part, choices in offer.plans
            if part.section
        ]
        self.options = list(self._options(offers))

    def money(self, amount: Decimal) -> str:
        """An amount as it is printed."""
        return formatting.money(amount, self._frozen.currency, self._frozen.place)

    def saved(self, line: FrozenLine, amounts: LineTotals) -> str:
        """The discount of a line as it is printed: “10% off, –$1,666.80”."""
        is_its_own = amounts.discount == amounts.own_discount
        if line.discount_kind == "percent" and is_its_own:
            percent = formatting.quantity(line.discount_value, self._frozen.place)
            return f"{percent}% off, –{self.money(amounts.discount)}"
        return f"{self.money(amounts.discount)} off"

    def mark(self, line: FrozenLine) -> str:
        """The marks of the taxes of a line, of a bundle those of its parts; empty where it has none."""
        rates = dict.fromkeys(_taxes(line))
        return " ".join(mark for rate, mark in self._rates.items() if rate in rates)

    def image(self, line: FrozenLine) -> str:
        """The hash of the picture of a line; empty where it has none that can be shown."""
        return line.image if line.image in self._images else ""

    def column(self, name: str, lines: Iterable[tuple[FrozenLine, LineTotals]]) -> str:
        """The column for the texts of lines that stand together: beside their pictures, where one has one."""
        return f"{name}-pictured" if any(self.image(line) for line, _ in lines) else name

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
        kept = []
        for part in group.parts:
            lines = [(line, amounts) for line, amounts in part.lines if amounts.counts]
            if lines or not part.lines:
                kept.append(SectionGroup(part.section, lines, self._is_first(part.section)))
        found = {rate for part in kept for line, _ in part.lines for rate in _taxes(line)}
        said = ", ".join(
            f"{mark} = taxed at {formatting.quantity(rate[1], self._frozen.place)}%"
            for rate, mark in self._rates.items()
            if rate in found
        )
        return Period(group, kept, said)

    def _is_first(self, section: FrozenSection | None) -> bool:
        """True where nothing of the section was printed before. From then on it was."""
        uid = section.uid if section else ""
        is_first = uid not in self._seen
        self._seen.add(uid)
        return is_first

    def _options(self, offers: Sequence[PeriodOffer]) -> Iterator[Options]:
        """First what has no section, then sections as a whole, then the options of each section below its title."""
        by_section: dict[str, list[Option]] = {"": []}
        for offer in offers:
            for options in offer.options:
                uid = options.part.section.uid if options.part.section else ""
                by_section.setdefault(uid, []).extend(
                    self._option(choice)
                    for choice in options.choices
                    if not choice.amounts.counts and not choice.line.is_again
                )
        if loose := by_section.pop(""):
            yield Options(None, loose, self._is_first(None))
        for section in self._frozen.sections:
            if self._is_left_out(section):
                yield Options(None, [self._whole(section)], self._is_first(section))
        for section in self._frozen.sections:
            if found := by_section.get(section.uid):
                yield Options(section, found, self._is_first(section))

    def _option(self, choice: Choice) -> Option:
        # As a whole: a bundle with its parts of all billing periods.
        taken = self._taken(self._frozen, self._computed, {choice.line.uid})
        return Option(choice.line.name, self._adds(choice.effect, taken), taken)

    def _whole(self, section: FrozenSection) -> Option:
        chosen = pricing.with_choices(self._frozen, pricing.choices(self._frozen) | {section.uid})
        then = pricing.of_snapshot(chosen)
        taken = self._taken(chosen, then, {one.uid for one in chosen.lines if one.section_uid == section.uid})
        effect = choosing.difference(self._computed, then)
        return Option(section.title, self._adds(effect, taken), taken, section)

    def _adds(
        self, effect: Mapping[str, Decimal], taken: Sequence[tuple[FrozenLine, LineTotals]]
    ) -> list[Markup]:
        periods = (period for line, amounts in taken for period in amounts.by_period(line.recurrence))
        taxed = {name for name, its in periods if its.tax}
        return self._said(effect, taxed) or [Markup("adds nothing")]

    @staticmethod
    def _taken(
        frozen: Snapshot, computed: Totals, uids: Collection[str]
    ) -> list[tuple[FrozenLine, LineTotals]]:
        priced = zip(frozen.lines, computed.lines, strict=True)
        return [(line, amounts) for line, amounts in priced if line.uid in uids]

    def _is_left_out(self, section: FrozenSection) -> bool:
        has_lines = any(line.section_uid == section.uid for line in self._frozen.lines)
        return section.is_whole and not section.is_selected and has_lines

    def _said(self, effect: Mapping[str, Decimal], taxed: Collection[str] = ()) -> list[Markup]:
        """``taxed``: the billing periods whose amounts are said to be with tax."""
        return [
            Markup("{} <b>{}</b>{}{}").format(
                "adds" if amount > 0 else "saves",
                self.money(abs(amount)),
                " with tax" if name in taxed else "",
                f" {formatting.period_suffix(name)}".rstrip(),
            )
            for name, amount in effect.items()
        ]


def _taxes(line: FrozenLine) -> list[tuple[str, Decimal]]:
    """Name and rate of each tax of a line; a bundle has those of its parts."""
    return [(one.tax_name, one.tax_rate) for one in parts.spread_over(line) or (line,) if one.tax_name]


def _marks(frozen: Snapshot) -> dict[tuple[str, Decimal], str]:
    """The mark of each tax: T, or T1, T2 … where there are several."""
    rates = dict.fromkeys(rate for line in frozen.lines for rate in _taxes(line))
    if len(rates) == 1:
        return dict.fromkeys(rates, "T")
    return {rate: f"T{number}" for number, rate in enumerate(rates, start=1)}
