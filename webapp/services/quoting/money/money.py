"""The only place where money is rounded.

Unit prices and costs have up to 4 decimals, as on Autotask's quote screen. Every line amount and every sum has the
decimals of its currency, which are shown: 2 for dollars, none for yen. Halves round away from zero, as on an invoice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel.numbers import get_currency_precision

CENT = Decimal("0.01")
UNIT = Decimal("0.0001")
ZERO = Decimal("0.00")
HUNDRED = Decimal(100)
CENTS = 2
BY_LINE, ON_SUM = "line", "sum"


@dataclass(frozen=True)
class Rounding:
    """``digits``: the decimals of the currency. ``tax``: whether tax is rounded on each line, or once on the sum of the
    lines with the same tax.
    """

    digits: int = CENTS
    tax: str = BY_LINE


def rounding(currency: str, tax: str = BY_LINE) -> Rounding:
    """The rules for amounts in ``currency``."""
    return Rounding(get_currency_precision(currency), tax)


@cache
def _smallest(digits: int) -> Decimal:
    return Decimal(1).scaleb(-digits)


def rounded(amount: Decimal, digits: int = CENTS) -> Decimal:
    """``amount`` rounded to ``digits`` decimals, halves away from zero."""
    return amount.quantize(_smallest(digits), ROUND_HALF_UP)


def to_cents(amount: Decimal) -> Decimal:
    """``amount`` rounded to 2 decimals, halves away from zero."""
    return rounded(amount)


def to_unit(amount: Decimal) -> Decimal:
    """``amount`` rounded to the 4 decimals of a unit price."""
    return amount.quantize(UNIT, ROUND_HALF_UP)


def percent_of(amount: Decimal, percent: Decimal, digits: int = CENTS) -> Decimal:
    """``percent`` percent of ``amount``, rounded."""
    return rounded(amount * percent / HUNDRED, digits)


def allocate(total: Decimal, weights: Sequence[Decimal], digits: int = CENTS) -> list[Decimal]:
    """Split ``total`` in proportion to ``weights`` (none negative), so that the parts add up to it exactly.

    Each part is rounded down to ``digits`` decimals; what remains goes to the largest remainders, earlier ones first.
    If all weights are zero, all parts are zero; a total other than zero then raises ValueError.
    """
    weight_sum = sum(weights, Decimal(0))
    if weight_sum == 0:
        if total:
            raise ValueError("All weights are zero, so the total can't be split.")
        return [ZERO for _ in weights]
    sign = -1 if total < 0 else 1
    cent = _smallest(digits)
    cents = int(abs(rounded(total, digits)) / cent)
    exact = [cents * weight / weight_sum for weight in weights]
    parts = [int(share) for share in exact]
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[: cents - sum(parts)]:
        parts[index] += 1
    return [sign * part * cent for part in parts]
