"""The price of a bundle, spread over its parts exactly. Pure.

A bundle is priced as the sum of its parts, or at a fixed price. Each part has its own billing period. The fixed price
is that of the parts with the bundle's own billing period; the others keep their prices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from typing import Protocol

from webapp.models.catalog import FIXED, ONE_TIME, RECURRENCES
from webapp.services.quoting.money import discounts, totals
from webapp.services.quoting.money.money import UNIT, ZERO, Rounding, allocate, rounded, to_unit
from webapp.services.quoting.money.priced import Priced, PricedLine, SectionDiscount, Share
from webapp.services.quoting.money.totals import LineTotals, Totals


class Bundle(PricedLine, Protocol):
    """A line that has parts."""

    @property
    def bundle(self) -> str: ...


@dataclass(frozen=True)
class Entry:
    """A line as ``compute`` takes it. ``shares``: of a bundle, what each part adds. ``taxes``: the rate and the name of
    the line's tax, or of each share's. ``section``: the discount of its section. ``whole``: the number of the line,
    which parts that are lines of their own have in common. ``fee``: the line's setup fee, with the line's tax and no
    discount; ``is_fee``: the line itself is one.
    """

    line: PricedLine
    taxes: Sequence[tuple[Decimal, str]]
    shares: Sequence[Share] = ()
    section: SectionDiscount | None = None
    whole: int = 0
    fee: Share | None = None
    is_fee: bool = False

    @property
    def priced(self) -> list[PricedLine]:
        """What it adds to the totals."""
        lines: list[PricedLine] = list(self.shares) or [self.line]
        return [*lines, self.fee] if self.fee else lines


def sum_of(parts: Sequence[Priced], recurrence: str, field: str = "unit_price") -> Decimal:
    """The sum of the parts of one bundle in a billing period, to the decimals of a unit price."""
    mine = [part for part in parts if part.recurrence == recurrence]
    return to_unit(sum((part.quantity * getattr(part, field) for part in mine), Decimal(0)))


def quantity_of(bundle: PricedLine, part: Priced) -> Decimal:
    """How many of a part the line has, to 4 decimals and never none."""
    return max(to_unit(bundle.quantity * part.quantity), UNIT)


def spread(bundle: Bundle, parts: Sequence[Priced], digits: int) -> list[Share]:
    """What each part adds: the grosses of the bundle's own period add up to its fixed price, and the discounts of each
    period to the bundle's discount there.

    A fixed price is split in proportion to the parts' own prices; where they have none, to their costs; else evenly.
    The bundle's discount is split in proportion to the result. Remainders go as in ``allocate``.
    """
    quantities = [quantity_of(bundle, part) for part in parts]
    grosses = [
        rounded(quantity * part.unit_price, digits) for quantity, part in zip(quantities, parts, strict=True)
    ]
    owns = [ZERO for _ in parts]
    for recurrence in RECURRENCES:
        mine = [index for index, part in enumerate(parts) if part.recurrence == recurrence]
        if not mine:
            continue
        is_own = recurrence == bundle.recurrence
        if is_own and bundle.bundle == FIXED:
            price = rounded(bundle.quantity * bundle.unit_price, digits)
            weights = _weights([parts[index] for index in mine])
            for index, gross in zip(mine, allocate(price, weights, digits), strict=True):
                grosses[index] = gross
        if is_own or bundle.discount_kind == "percent":
            before = [grosses[index] for index in mine]
            off = discounts.own_discount(bundle, sum(before, ZERO), digits)
            for index, own in zip(mine, allocate(off, before, digits) if off else (), strict=False):
                owns[index] = own
    return [
        _share(bundle, part, quantity, gross, own, digits)
        for part, quantity, gross, own in zip(parts, quantities, grosses, owns, strict=True)
    ]


def fee_of(line: PricedLine, amount: Decimal, digits: int) -> Share | None:
    """The setup fee of a line, once for all of it; None where it has none."""
    fee = rounded(amount, digits)
    if not fee:
        return None
    return Share(ONE_TIME, Decimal(1), fee, ZERO, ZERO, fee, ZERO, line.counts)


def compute(
    entries: Sequence[Entry],
    *,
    rounding: Rounding,
    discount_kind: str = "none",
    discount_value: Decimal = Decimal(0),
    shipping_amount: Decimal = Decimal(0),
) -> Totals:
    """``totals.compute`` of lines of which some are bundles."""
    priced: list[PricedLine] = []
    taxes: list[tuple[Decimal, str]] = []
    of_sections: list[SectionDiscount | None] = []
    wholes: list[int] = []
    fees: set[int] = set()
    for entry in entries:
        lines = entry.priced
        if entry.fee or entry.is_fee:
            fees.add(len(priced) + len(lines) - 1)
        priced += lines
        taxes += [*entry.taxes, *entry.taxes[:1]] if entry.fee else entry.taxes
        of_sections += [None if len(of_sections) + at in fees else entry.section for at in range(len(lines))]
        wholes += [entry.whole] * len(lines)
    computed = totals.compute(
        priced,
        [rate for rate, _ in taxes],
        tax_names=[name for _, name in taxes],
        rounding=rounding,
        discount_kind=discount_kind,
        discount_value=discount_value,
        shipping_amount=shipping_amount,
        sections=of_sections,
        wholes=wholes,
        fees=fees,
    )
    results, place = [], 0
    for entry in entries:
        found = computed.lines[place : place + len(entry.priced)]
        place += len(found)
        one = _bundle(entry, found) if entry.shares else found[0]
        if entry.fee:
            fee = (ONE_TIME, replace(found[-1], is_fee=True))
            one = replace(one, others=(*one.others, fee))
        results.append(one)
    return Totals(lines=tuple(results), periods=computed.periods)


def _weights(parts: Sequence[Priced]) -> list[Decimal]:
    for field in ("unit_price", "unit_cost"):
        weights = [part.quantity * max(getattr(part, field), ZERO) for part in parts]
        if any(weights):
            return weights
    return [Decimal(1) for _ in parts]


def _share(
    bundle: Bundle, part: Priced, quantity: Decimal, gross: Decimal, own: Decimal, digits: int
) -> Share:
    """The part as a line of its own. Where no unit price gives ``gross`` exactly, the next higher less a discount."""
    price = part.unit_price
    if rounded(quantity * price, digits) != gross:
        price = to_unit(gross / quantity)
    if rounded(quantity * price, digits) != gross:
        price = (gross / quantity).quantize(UNIT, ROUND_CEILING)
    return Share(
        recurrence=part.recurrence,
        quantity=quantity,
        unit_price=price,
        unit_cost=part.unit_cost,
        discount_value=rounded(quantity * price, digits) - gross + own,
        gross=gross,
        own_discount=own,
        counts=bundle.counts,
    )


def _bundle(entry: Entry, parts: Sequence[LineTotals]) -> LineTotals:
    sums: dict[str, LineTotals] = {}
    own = entry.line.recurrence
    for recurrence in dict.fromkeys([own, *RECURRENCES]):
        mine = [
            part for share, part in zip(entry.shares, parts, strict=False) if share.recurrence == recurrence
        ]
        if mine or recurrence == own:
            sums[recurrence] = LineTotals(
                gross=sum((one.gross for one in mine), ZERO),
                own_discount=sum((one.own_discount for one in mine), ZERO),
                section_discount=sum((one.section_discount for one in mine), ZERO),
                quote_discount=sum((one.quote_discount for one in mine), ZERO),
                net=sum((one.net for one in mine), ZERO),
                tax=sum((one.tax for one in mine), ZERO),
                cost=sum((one.cost for one in mine), ZERO),
                counts=entry.line.counts,
                parts=tuple(mine) if recurrence != own else tuple(parts[: len(entry.shares)]),
            )
    amounts = sums.pop(own)
    return replace(amounts, others=tuple(sums.items()))
