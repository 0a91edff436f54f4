"""What the customer's choices can make of a line: a discount by amount is spread over the lines that are chosen.

A rule about discounts or margins holds for all that the customer can choose, so it looks at the largest share.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from webapp.models import Quote, QuoteLine
from webapp.models.catalog import ONE_TIME
from webapp.models.line import ONE, WHOLE
from webapp.services.quoting.money.totals import LineTotals, Totals
from webapp.services.quoting.revisions import parts, pricing
from webapp.services.quoting.revisions.snapshot import FrozenLine


@dataclass(frozen=True)
class Chosen:
    """A line as the totals read it, chosen or not."""

    recurrence: str
    quantity: Decimal
    unit_price: Decimal
    unit_cost: Decimal
    discount_kind: str
    discount_value: Decimal
    section_uid: str
    bundle: str
    parts: tuple[FrozenLine, ...]
    counts: bool


def lines_of(quote: Quote, totals: Totals) -> list[LineTotals]:
    """The amounts of each line with its largest discount: as it is, or chosen while the other options are off."""
    found = list(totals.lines)
    if not _is_spread(quote) or not any(line.choice[0] for line in quote.lines):
        return found
    always = [at for at, line in enumerate(quote.lines) if not line.choice[0]] + _taken(quote, totals)
    without = _amounts(quote, always)
    for at, line in enumerate(quote.lines):
        alone = without.get(at) if not line.choice[0] else _amounts(quote, _with(quote, always, at))[at]
        if alone is not None and whole(line, alone)[0] > whole(line, found[at])[0]:
            found[at] = alone
    return found


def whole(line: QuoteLine, amounts: LineTotals) -> tuple[Decimal, Decimal]:
    """The discount of a line and what it is taken off, of a bundle in all billing periods of its parts."""
    every = [one for _, one in amounts.by_period(line.recurrence)]
    return sum((one.discount for one in every), Decimal(0)), sum((one.gross for one in every), Decimal(0))


def _is_spread(quote: Quote) -> bool:
    kinds = [(one.discount_kind, one.discount_value) for one in quote.sections]
    return any(
        kind == "amount" and value for kind, value in [*kinds, (quote.discount_kind, quote.discount_value)]
    )


def _taken(quote: Quote, totals: Totals) -> list[int]:
    """Of each section of which the customer takes one line, the one that takes the least of a discount."""

    def weight(at: int) -> Decimal:
        every = totals.lines[at].by_period(quote.lines[at].recurrence)
        return sum((one.gross for name, one in every if name == ONE_TIME), Decimal(0))

    least: dict[str, int] = {}
    for at, line in enumerate(quote.lines):
        if line.section is not None and line.section.choice == ONE:
            known = least.setdefault(line.section_uid, at)
            least[line.section_uid] = min(known, at, key=weight)
    return list(least.values())


def _with(quote: Quote, always: list[int], at: int) -> list[int]:
    """What is chosen at least where the line ``at`` is: all of its section, or it instead of the section's other."""
    line = quote.lines[at]
    kind = line.section.choice if line.section is not None else ""
    same = [other for other, one in enumerate(quote.lines) if one.section_uid == line.section_uid]
    if kind == WHOLE:
        return [*always, *same]
    kept = [other for other in always if other not in same] if kind == ONE else always
    return [*kept, at]


def _amounts(quote: Quote, chosen: Collection[int]) -> dict[int, LineTotals]:
    """The amounts of the ``chosen`` lines, by their place in the quote."""
    counted, shown = set(chosen), []
    kinds: set[tuple[str, str]] = set()
    for at, line in enumerate(quote.lines):
        # One of each section and period stays, because an amount comes off the section's first period.
        periods = {part.recurrence for part in parts.of_line(line)} or {line.recurrence}
        mine = {(line.section_uid, period) for period in periods}
        if at in counted or not mine <= kinds:
            shown.append(at)
        kinds |= mine
    lines = [_as_chosen(quote, at, at in counted) for at in shown]
    return dict(zip(shown, pricing.of_lines(quote, lines).lines, strict=True))


def _as_chosen(quote: Quote, at: int, counts: bool) -> Chosen:
    line = quote.lines[at]
    own = [name for name in Chosen.__dataclass_fields__ if name not in ("counts", "parts")]
    return Chosen(**{name: getattr(line, name) for name in own}, parts=parts.of_line(line), counts=counts)
