"""The only place where money is rounded.

Unit prices and costs have up to 4 decimals, as on Autotask's quote screen. Every line amount and every sum has the 2
decimals that are shown. Halves round away from zero, as on an invoice.
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
    """``percent`` percent of ``amount``, rounded to cents."""
    return to_cents(amount * percent / HUNDRED)


def allocate(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Split ``total`` in proportion to ``weights`` (none negative), so that the parts add up to it exactly.

    Each part is rounded down to cents, and the remaining cents go to the largest remainders, earlier ones first.
    If all weights are zero, all parts are zero; a total other than zero then raises ValueError.
    """
    weight_sum = sum(weights, Decimal(0))
    if weight_sum == 0:
        if total:
            raise ValueError("All weights are zero, so the total can't be split.")
        return [ZERO for _ in weights]
    sign = -1 if total < 0 else 1
    cents = int(abs(to_cents(total)) / CENT)
    exact = [cents * weight / weight_sum for weight in weights]
    parts = [int(share) for share in exact]
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[: cents - sum(parts)]:
        parts[index] += 1
    return [sign * part * CENT for part in parts]
