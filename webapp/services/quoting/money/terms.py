"""What a quote with subscriptions bills: the first invoice, the first year, the whole contract. Pure.

A line is billed at the start of each billing period. It starts on its own date, or with the quote (``day``) where it
has none or an earlier one. The first invoice has what starts on the first of these days. The first year is all that is
billed in the 12 months from that day if nothing is canceled; after its term, a line is billed at its price at renewal.
The contract value is what is billed until the end of each line's term; a line without one is in it with its first
billing period. Every value is the sum of its parts to the cent.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from webapp.models.catalog import ANNUAL, MONTHLY, ONE_TIME, QUARTERLY, SEMI_ANNUAL
from webapp.services.quoting.money.money import ZERO

MONTHS = {MONTHLY: 1, QUARTERLY: 3, SEMI_ANNUAL: 6, ANNUAL: 12}
YEAR = 12
# What the parts of a value are, besides billing periods.
SETUP, SHIPPING = "setup", "shipping"
ORDER = (ONE_TIME, SETUP, SHIPPING, *MONTHS)


@dataclass(frozen=True)
class Charge:
    """What is billed for a line, with tax: each ``period``, or once (``one_time``, ``setup``, ``shipping``).

    ``starts_on``: None with the quote. ``term``: in months, 0 for none. ``renewal``: an amount each period after the
    term; None where that stays.
    """

    period: str
    amount: Decimal
    starts_on: date | None = None
    term: int = 0
    renewal: Decimal | None = None


@dataclass(frozen=True)
class Part:
    """Some of a value: ``times`` the ``amount`` of all lines of a ``kind`` that are billed so often.

    ``is_renewed``: at the prices at renewal.
    """

    kind: str
    times: int
    amount: Decimal
    is_renewed: bool = False

    @property
    def total(self) -> Decimal:
        """What it adds."""
        return self.times * self.amount


@dataclass(frozen=True)
class Value:
    """A sum, and the parts that add up to it."""

    parts: tuple[Part, ...]

    @property
    def total(self) -> Decimal:
        """The sum of its parts."""
        return sum((part.total for part in self.parts), ZERO)


@dataclass(frozen=True)
class Contract:
    """The three values of a quote. ``first_day``: of the first invoice. ``months``: the longest term, 0 for none.

    ``recurs``: something is billed repeatedly. ``has_later``: something starts after the first invoice.
    ``is_mixed``: what recurs has other terms, or none, too.
    """

    first_day: date
    first_invoice: Value
    first_year: Value
    contract: Value
    months: int = 0
    recurs: bool = False
    has_later: bool = False
    is_mixed: bool = False

    @property
    def has_term(self) -> bool:
        """True where a line has a term, so that the contract has a value."""
        return self.months > 0


def reckoned(charges: Sequence[Charge], day: date) -> Contract:
    """The values of what is charged, in a quote that starts on ``day``."""
    starts = [max(charge.starts_on or day, day) for charge in charges]
    first = min(starts, default=day)
    pairs = list(zip(charges, starts, strict=True))
    terms = {charge.term for charge in charges if charge.period in MONTHS}
    return Contract(
        first,
        _value((charge, 1, 0) for charge, start in pairs if start == first),
        _value((charge, *_in_year(charge, start, first)) for charge, start in pairs),
        _value((charge, max(_in_term(charge), 1), 0) for charge in charges),
        max(terms, default=0),
        recurs=bool(terms),
        has_later=any(start > first for start in starts),
        is_mixed=len(terms) > 1,
    )


def later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + year, month + 1)[1]
    return date(day.year + year, month + 1, min(day.day, last))


def _in_year(charge: Charge, start: date, first: date) -> tuple[int, int]:
    """How often it is billed within a year of ``first``: at its price, and at its price at renewal."""
    end = later(first, YEAR)
    if start >= end:
        return 0, 0
    months = MONTHS.get(charge.period)
    if months is None:
        return 1, 0
    times = sum(1 for at in range(0, YEAR, months) if later(start, at) < end)
    before = times if charge.renewal is None or not charge.term else min(times, _in_term(charge))
    return before, times - before


def _in_term(charge: Charge) -> int:
    """How often it is billed within its term, of which the last billing period may be a part."""
    months = MONTHS.get(charge.period)
    return 1 if months is None else -(-charge.term // months)


def _value(billed: Iterable[tuple[Charge, int, int]]) -> Value:
    """The value of charges, each with how often it is billed before and after its renewal."""
    sums: dict[tuple[int, bool, int], Decimal] = {}
    for charge, times, renewed in billed:
        place = ORDER.index(charge.period)
        for is_renewed, count, amount in (
            (False, times, charge.amount),
            (True, renewed, charge.renewal or ZERO),
        ):
            if count and (amount or not is_renewed):
                key = (place, is_renewed, count)
                sums[key] = sums.get(key, ZERO) + amount
    return Value(
        tuple(
            Part(ORDER[place], count, amount, is_renewed)
            for (place, is_renewed, count), amount in sorted(sums.items())
            if amount
        )
    )
