"""The only place where money is rounded.

Unit prices and costs carry up to 4 decimals, as on Autotask's quote screen; every amount of a line, and so every
sum, has the 2 decimals in which it is shown. Halves go away from zero, as on an invoice.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
UNIT = Decimal("0.0001")
ZERO = Decimal("0.00")
HUNDRED = Decimal(100)


def to_cents(amount: Decimal) -> Decimal:
    """``amount`` rounded to 2 decimals, halves away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def to_unit(amount: Decimal) -> Decimal:
    """``amount`` rounded to the 4 decimals of a unit price."""
    return amount.quantize(UNIT, ROUND_HALF_UP)


def percent_of(amount: Decimal, percent: Decimal) -> Decimal:
    """``percent`` per cent of ``amount``, rounded to cents."""
    return to_cents(amount * percent / HUNDRED)


def allocate(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Split ``total`` (cents) in proportion to ``weights`` (none negative) so that the parts add up to it exactly.

    Each part is cut down to whole cents and the cents left over go to the largest remainders, the earlier first.
    All weights zero gives all parts zero; a total that is then not zero raises ValueError.
    """
    weight_sum = sum(weights, Decimal(0))
    if weight_sum == 0:
        if total:
            raise ValueError("There is nothing to spread an amount over.")
        return [ZERO for _ in weights]
    sign = -1 if total < 0 else 1
    cents = int(abs(to_cents(total)) / CENT)
    exact = [cents * weight / weight_sum for weight in weights]
    parts = [int(share) for share in exact]
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[: cents - sum(parts)]:
        parts[index] += 1
    return [sign * part * CENT for part in parts]
