"""Discounts of lines, sections and quotes, spread over lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from webapp.models.catalog import ONE_TIME, RECURRENCES
from webapp.services.quoting.money.money import ZERO, allocate, percent_of, rounded
from webapp.services.quoting.money.priced import PricedLine, SectionDiscount


def own_discount(line: PricedLine, gross: Decimal, digits: int) -> Decimal:
    """The line's own discount, at most its gross amount; a credit has none."""
    match line.discount_kind:
        case "percent":
            amount = percent_of(gross, line.discount_value, digits)
        case "unit":
            amount = rounded(line.quantity * line.discount_value, digits)
        case "line":
            amount = rounded(line.discount_value, digits)
        case _:
            amount = ZERO
    return max(ZERO, min(amount, gross))


def of_sections(
    lines: Sequence[PricedLine],
    before: Sequence[Decimal],
    sections: Sequence[SectionDiscount | None],
    wholes: Sequence[int],
    digits: int,
) -> list[Decimal]:
    """Each line's share of its section's discount: the shares of a billing period add up to it exactly.

    A line that doesn't count has what it would have if it was chosen: the percentage, or all of the amount as the one
    line that is taken. Where none counts, all share. The parts of a bundle share as one line.
    """
    shares = [ZERO for _ in lines]
    members: dict[SectionDiscount, list[int]] = {}
    for index, section in enumerate(sections):
        if section is not None and section.value and section.kind != "none":
            members.setdefault(section, []).append(index)
    for section, indexes in members.items():
        of_period: dict[str, list[int]] = {}
        for index in indexes:
            of_period.setdefault(lines[index].recurrence, []).append(index)
        first = next(name for name in RECURRENCES if name in of_period)
        for name, inside in of_period.items():
            priced = [index for index in inside if before[index] > 0]
            for those, takes_amount in _sharing(section, priced, lines, wholes):
                weights = [before[index] for index in those]
                off, base = ZERO, sum(weights, ZERO)
                if section.kind == "percent":
                    off = percent_of(base, section.value, digits)
                elif name == first and takes_amount:
                    off = min(rounded(section.value, digits), base)
                for index, share in zip(those, allocate(off, weights, digits), strict=True):
                    shares[index] = share
    return shares


def _sharing(
    section: SectionDiscount, priced: Sequence[int], lines: Sequence[PricedLine], wholes: Sequence[int]
) -> list[tuple[list[int], bool]]:
    """Which lines of a billing period share a discount, and whether an amount is taken off them."""
    counted = [index for index in priced if lines[index].counts]
    if not counted and not section.is_choice:
        return [(list(priced), True)]
    others: dict[int, list[int]] = {}
    for index in priced:
        if not lines[index].counts:
            others.setdefault(wholes[index], []).append(index)
    return [(counted, True), *((those, section.is_choice) for those in others.values())]


def of_quote(
    lines: Sequence[PricedLine], before: Sequence[Decimal], kind: str, value: Decimal, digits: int
) -> list[Decimal]:
    if kind == "percent":
        return [percent_of(max(amount, ZERO), value, digits) for amount in before]
    if kind == "amount":
        weights = [
            max(amount, ZERO) if line.counts and line.recurrence == ONE_TIME else ZERO
            for line, amount in zip(lines, before, strict=True)
        ]
        return allocate(min(rounded(value, digits), sum(weights, ZERO)), weights, digits)
    return [ZERO for _ in lines]
