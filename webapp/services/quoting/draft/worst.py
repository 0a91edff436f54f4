"""What the customer's choices can make of a line: a discount by amount is spread over the lines that are chosen.

A rule about discounts or margins holds for all that the customer can choose, so it looks at what each line can become.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property, partial

from webapp.models import Quote, QuoteLine
from webapp.models.catalog import ONE_TIME
from webapp.models.line import ONE, WHOLE
from webapp.services.quoting.money import bundles, limits, prices, totals
from webapp.services.quoting.money.bundles import Entry
from webapp.services.quoting.money.money import HUNDRED, ZERO, Rounding, rounding
from webapp.services.quoting.money.priced import Share
from webapp.services.quoting.money.totals import LineTotals, PeriodTotals, Totals
from webapp.services.quoting.revisions import parts, pricing, quantities


@dataclass(frozen=True)
class Chosen:
    """A line as the totals read it, chosen or not."""

    recurrence: str
    quantity: Decimal
    unit_price: Decimal
    unit_cost: Decimal
    discount_kind: str
    discount_value: Decimal
    bundle: str
    counts: bool


# A section and a billing period.
Kind = tuple[str, str]


@dataclass
class Worst:
    """What the lines of a quote can become. ``totals``: as they are."""

    quote: Quote
    totals: Totals

    @cached_property
    def entries(self) -> list[Entry]:
        """The lines, with the parts of bundles spread once."""
        return pricing.entries(self.quote)

    @cached_property
    def lines(self) -> list[list[LineTotals]]:
        """Of each line the amounts as they are, and as they are while the other options are off."""
        found = [[one] for one in self.totals.lines]
        can_leave = any(line.choice[0] for line in self.quote.lines)
        is_shared = self._is_spread and (can_leave or bool(self._ends))
        without = self._amounts(self._always) if is_shared else {}
        for at, line in enumerate(self.quote.lines):
            if at in self._ends or (is_shared and line.choice[0]):
                beside = self._beside(at, is_shared=is_shared)
                found[at] += [self._beside_rest(at, end, beside) for end in self._ends.get(at, (None,))]
            elif is_shared:
                found[at].append(without[at])
        return found

    @cached_property
    def _by_quantity(self) -> dict[int, str]:
        """The prices by quantity of the lines with limits."""
        return {at: quantities.prices_of(self.quote.lines[at], self.quote.currency) for at in self._ends}

    @cached_property
    def _ends(self) -> dict[int, list[Decimal]]:
        """The quantities that the customer can choose at the ends of limits and tiers, by the place of the line."""
        found = {}
        for at, line in enumerate(self.quote.lines):
            allowed = limits.of_line(line)
            if allowed is not None:
                found[at] = allowed.ends(prices.tiers_of(line))
        return found

    def _entry(self, at: int, counts: bool, quantity: Decimal | None = None) -> Entry:
        """The line as it is chosen, with its price at that quantity."""
        entry, line = self.entries[at], self.quote.lines[at]
        own = [name for name in Chosen.__dataclass_fields__ if name != "counts"]
        chosen = Chosen(**{name: getattr(line, name) for name in own}, counts=counts)
        fee = replace(entry.fee, counts=counts) if entry.fee else None
        if quantity is None:
            shares = [replace(share, counts=counts) for share in entry.shares]
            return replace(entry, line=chosen, shares=shares, fee=fee)
        price = quantities.price_at(line, self._by_quantity[at], quantity)
        chosen = replace(chosen, quantity=quantity, unit_price=price)
        made_of = parts.of_line(line)
        digits = rounding(self.quote.currency).digits
        shares = bundles.spread(chosen, made_of, digits) if made_of else []
        return replace(entry, line=chosen, shares=shares, fee=fee)

    @cached_property
    def _least(self) -> dict[int, Decimal]:
        """The quantity of each line with limits at which it takes the least of a discount."""

        def gross(at: int, quantity: Decimal) -> Decimal:
            every = self._entry(at, True, quantity).priced
            return sum((one.quantity * one.unit_price for one in every), Decimal(0))

        return {at: min(ends, key=partial(gross, at)) for at, ends in self._ends.items()}

    def least(self, name: str) -> Decimal:
        """The least net of a billing period that the customer can choose."""
        return self.period(name, None).net

    def period(self, name: str, minimum: Decimal | None) -> PeriodTotals:
        """The sums of a billing period as the customer can choose it with the least left above ``minimum`` percent.

        None: with the least net, whatever it costs.
        """
        left = [self._left(at, name, minimum) for at in range(len(self.quote.lines))]
        chosen = [at for at, line in enumerate(self.quote.lines) if not line.choice[0]]
        by_section: dict[str, list[int]] = {}
        for at, line in enumerate(self.quote.lines):
            kind = line.section.choice if line.section is not None else ""
            if kind in (WHOLE, ONE):
                by_section.setdefault(line.section_uid, []).append(at)
            elif line.choice[0] and left[at] < 0:
                chosen.append(at)
        for places in by_section.values():
            section = self.quote.lines[places[0]].section
            if section is not None and section.choice == ONE:
                chosen.append(min(places, key=lambda at: left[at]))
            elif sum(left[at] for at in places) < 0:
                chosen += places
        taken = set(chosen)
        entries = [self._entry(at, at in taken, self._worst(at, name, minimum)) for at in range(len(left))]
        return pricing.of_entries(self.quote, entries).periods[name]

    def _left(self, at: int, period: str, minimum: Decimal | None) -> Decimal:
        """The least that the line leaves in a period above the minimum margin: the sum of all must not be below 0."""
        return min(self._leaves(at, amounts, period, minimum) for amounts in self.lines[at])

    def _leaves(self, at: int, amounts: LineTotals, period: str, minimum: Decimal | None) -> Decimal:
        mine = [one for name, one in amounts.by_period(self.quote.lines[at].recurrence) if name == period]
        if minimum is None:
            return sum((one.net for one in mine), ZERO)
        return sum((one.net * (1 - minimum / HUNDRED) - one.cost for one in mine), Decimal(0))

    def _worst(self, at: int, period: str, minimum: Decimal | None) -> Decimal | None:
        """The quantity at which the line leaves the least in a period; None where it can't be chosen."""
        ends = self._ends.get(at)
        if not ends:
            return None
        amounts = dict(zip(ends, self.lines[at][1:], strict=True))
        return min(ends, key=lambda quantity: self._leaves(at, amounts[quantity], period, minimum))

    @cached_property
    def _is_spread(self) -> bool:
        kinds = [(one.discount_kind, one.discount_value) for one in self.quote.sections]
        own = (self.quote.discount_kind, self.quote.discount_value)
        return any(kind == "amount" and value for kind, value in [*kinds, own])

    @cached_property
    def _always(self) -> list[int]:
        """What is chosen at least, with of each “choose one” the line that takes the least of a discount."""

        def weight(at: int) -> Decimal:
            every = self.totals.lines[at].by_period(self.quote.lines[at].recurrence)
            return sum((one.gross for name, one in every if name == ONE_TIME), Decimal(0))

        least: dict[str, int] = {}
        for at, line in enumerate(self.quote.lines):
            if line.section is not None and line.section.choice == ONE:
                known = least.setdefault(line.section_uid, at)
                least[line.section_uid] = min(known, at, key=weight)
        return [at for at, line in enumerate(self.quote.lines) if not line.choice[0]] + list(least.values())

    def _with(self, at: int) -> list[int]:
        """What is chosen at least where the line ``at`` is: its whole section, or it instead of the section's other."""
        line = self.quote.lines[at]
        kind = line.section.choice if line.section is not None else ""
        same = [other for other, one in enumerate(self.quote.lines) if one.section_uid == line.section_uid]
        if kind == WHOLE:
            return [*self._always, *same]
        kept = [other for other in self._always if other not in same] if kind == ONE else self._always
        return [*kept, at]

    def _amounts(self, chosen: Sequence[int]) -> Mapping[int, LineTotals]:
        """The amounts of the ``chosen`` lines by their place, at the quantity with the least."""
        counted, shown = set(chosen), []
        kinds: set[Kind] = set()
        for at in range(len(self.entries)):
            # One of each section and period stays, because an amount comes off the section's first period.
            if at in counted or not self._weights[at].keys() <= kinds:
                shown.append(at)
            kinds |= self._weights[at].keys()
        entries = [self._entry(at, at in counted, self._least.get(at)) for at in shown]
        return dict(zip(shown, pricing.of_entries(self.quote, entries).lines, strict=True))

    @cached_property
    def _weights(self) -> list[dict[Kind, Decimal]]:
        """What each line adds to what a discount by amount is spread over, at the quantity with the least."""
        digits, found = rounding(self.quote.currency).digits, []
        for at, line in enumerate(self.quote.lines):
            entry = replace(self._entry(at, True, self._least.get(at)), fee=None)
            mine: dict[Kind, Decimal] = {}
            for priced, one in zip(entry.priced, _before(entry, digits), strict=True):
                kind = (line.section_uid, priced.recurrence)
                mine[kind] = mine.get(kind, ZERO) + one
            found.append(mine)
        return found

    @cached_property
    def _kept(self) -> dict[Kind, Decimal]:
        """The sum of what is chosen at least, reckoned once, for each section and billing period."""
        found: dict[Kind, Decimal] = {kind: ZERO for mine in self._weights for kind in mine}
        for at in set(self._always):
            for kind, one in self._weights[at].items():
                found[kind] += one
        return found

    def _beside(self, at: int, *, is_shared: bool) -> list[Entry]:
        """What is chosen at least beside the line ``at``, as one line for each section and billing period.

        So each quantity of each line takes no look at all others; a share can differ by the last decimal.
        """
        sums = dict(self._kept) if is_shared else dict.fromkeys(self._kept, ZERO)
        if is_shared:
            always, chosen = set(self._always), set(self._with(at))
            for other in (always - chosen) | (always & {at}):
                for kind, one in self._weights[other].items():
                    sums[kind] -= one
            for other in chosen - always - {at}:
                for kind, one in self._weights[other].items():
                    sums[kind] += one
        of_sections = {
            line.section_uid: entry.section
            for line, entry in zip(self.quote.lines, self.entries, strict=True)
        }
        return [
            Entry(
                Share(period, Decimal(1), one, ZERO, ZERO, one, ZERO, counts=True),
                [(ZERO, "")],
                section=of_sections[uid],
            )
            for (uid, period), one in sums.items()
        ]

    def _beside_rest(self, at: int, quantity: Decimal | None, beside: list[Entry]) -> LineTotals:
        """The amounts of the line ``at`` at this quantity, with what is ``_beside`` it."""
        return pricing.of_entries(self.quote, [self._entry(at, True, quantity), *beside]).lines[0]


def _before(entry: Entry, digits: int) -> list[Decimal]:
    """What is left of each part after the line's own discount; of a credit nothing, which has no share of others."""
    return [
        max(one.gross - one.own_discount, ZERO)
        for one in totals.compute(entry.priced, [ZERO] * len(entry.priced), rounding=Rounding(digits)).lines
    ]


def whole(line: QuoteLine, amounts: LineTotals) -> tuple[Decimal, Decimal]:
    """The discount of a line and what it is taken off, without a setup fee; of a bundle in all its billing periods."""
    every = [one for _, one in amounts.by_period(line.recurrence) if not one.is_fee]
    return sum((one.discount for one in every), Decimal(0)), sum((one.gross for one in every), Decimal(0))
