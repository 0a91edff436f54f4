"""The numbers that keep a quote's items in order in Autotask, with room between them. Pure.

Autotask shows items by ``sortOrderID``. Numbers without gaps would make a line that is moved to the top renumber every
other line. So new items get numbers ``GAP`` apart, and a moved or new item gets one between its neighbors.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

FIELD = "sortOrderID"
GAP = 1024
# The field is a 32-bit integer.
HIGHEST = 2**31 - 1


def first(place: int) -> int:
    """The number of the item at ``place``, counted from 1, in a quote that Autotask doesn't have yet."""
    return place * GAP


def assign(present: Sequence[int | None]) -> list[int]:
    """A number for each item, in the wanted order, so that as few items as possible get another than they have.

    ``present``: the number that each item has; None for an item that has none yet, or whose number isn't known.
    """
    numbers: list[int | None] = [None] * len(present)
    for place in _staying(present):
        numbers[place] = present[place]
    return _filled(numbers)


def _staying(present: Sequence[int | None]) -> list[int]:
    """The places of the most items that can keep their numbers and leave enough room for all others.

    Two items can both stay if their numbers are at least as far apart as their places, so that the items between fit.
    In other words: number minus place must not fall. The longest such sequence is what stays.
    """
    spare = len(present)
    ends: list[int] = []  # the lowest last slack of a sequence of each length …
    last: list[int] = []  # … and the place of that last item
    before: dict[int, int] = {}
    for place, number in enumerate(present):
        if number is None or not 0 <= (slack := number - place - 1) <= HIGHEST - spare:
            continue
        length = bisect_right(ends, slack)
        if length:
            before[place] = last[length - 1]
        ends[length : length + 1] = [slack]
        last[length : length + 1] = [place]
    staying: list[int] = []
    at = last[-1] if last else None
    while at is not None:
        staying.append(at)
        at = before.get(at)
    return staying[::-1]


def _filled(numbers: Sequence[int | None]) -> list[int]:
    """Numbers for the items without one, spread evenly between their neighbors."""
    filled: list[int] = []
    low, waiting = 0, 0
    for number in numbers:
        if number is None:
            waiting += 1
            continue
        filled += [low + (number - low) * step // (waiting + 1) for step in range(1, waiting + 1)]
        filled.append(number)
        low, waiting = number, 0
    gap = min(GAP, (HIGHEST - low) // waiting) if waiting else GAP
    return filled + [low + gap * step for step in range(1, waiting + 1)]
