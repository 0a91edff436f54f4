"""The order of items: always right, with as few numbers changed as the numbers in use allow."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.services.autotask.wanted.positions import GAP, HIGHEST, assign, first

NUMBERS = (
    st.integers(1, 40) | st.integers(-3, 0) | st.integers(HIGHEST - 6, HIGHEST) | st.integers(1, 100_000)
)
PRESENT = st.lists(st.none() | NUMBERS, max_size=30)
FEW = st.lists(st.none() | st.integers(-1, 12) | st.integers(HIGHEST - 4, HIGHEST), max_size=8)


def rewrites(present: list[int | None], after: list[int]) -> int:
    """How many items that had a number got another."""
    return sum(before is not None and before != number for before, number in zip(present, after, strict=True))


def is_right(numbers: list[int]) -> bool:
    return all(one < other for one, other in pairwise(numbers)) and all(1 <= n <= HIGHEST for n in numbers)


@given(PRESENT)
def test_the_order_is_always_right(present: list[int | None]) -> None:
    after = assign(present)
    assert len(after) == len(present)
    assert is_right(after)
    assert assign(list(after)) == after, "what is in order stays as it is"


@given(FEW)
def test_no_other_way_changes_fewer_numbers(present: list[int | None]) -> None:
    """Tried out: no larger set of items can stay with enough room for the others."""
    known = [place for place, number in enumerate(present) if number is not None]
    stay = len(known) - rewrites(present, assign(present))
    for more in combinations(known, stay + 1):
        chain = [(-1, 0), *((place, present[place] or 0) for place in more), (len(present), HIGHEST + 1)]
        fits = all(number - low >= place - before for (before, low), (place, number) in pairwise(chain))
        assert not fits, f"{present}: {more} could stay"


@given(st.lists(st.integers(1, 10**6), unique=True, max_size=40))
def test_an_order_that_is_right_already_is_left_alone(numbers: list[int]) -> None:
    assert assign(sorted(numbers)) == sorted(numbers)


EDITS = st.lists(
    st.tuples(st.sampled_from(["move", "insert", "remove"]), st.integers(0, 99), st.integers(0, 99))
)


@given(st.integers(0, 12), EDITS)
def test_one_edit_changes_one_number_while_there_is_room(
    size: int, edits: list[tuple[str, int, int]]
) -> None:
    numbers: list[int | None] = list(assign([None] * size))
    assert numbers == [first(place) for place in range(1, size + 1)]
    for kind, start, end in edits:
        if kind == "insert":
            numbers.insert(end % (len(numbers) + 1), None)
        elif numbers:
            number = numbers.pop(start % len(numbers))
            if kind == "move":
                numbers.insert(end % (len(numbers) + 1), number)
        after = assign(numbers)
        assert is_right(after)
        others = [one for one in numbers if one is not None]
        allowed = {"insert": 0, "move": 1, "remove": 0}[kind]
        assert rewrites(numbers, after) <= allowed or not _has_room(others), (numbers, after)
        numbers = list(after)


def _has_room(numbers: list[int]) -> bool:
    """No two numbers in use are next to each other, and none is 1."""
    return all(other - one > 1 for one, other in pairwise(sorted({0, *numbers})))


@pytest.mark.parametrize(
    ("present", "after"),
    [
        ([None, None], [GAP, 2 * GAP]),
        ([3 * GAP, GAP, 2 * GAP], [GAP // 2, GAP, 2 * GAP]),
        ([GAP, None, 2 * GAP], [GAP, GAP + GAP // 2, 2 * GAP]),
        ([2 * GAP, 3 * GAP], [2 * GAP, 3 * GAP]),
        # Numbers without gaps, as older versions wrote them: kept, until a line is put in between.
        ([1, 2, 3], [1, 2, 3]),
        ([2, 3, 1], [2, 3, 3 + GAP]),
        ([1, 2, None, 3], [1, 2, 2 + GAP, 2 + 2 * GAP]),
        ([1, HIGHEST, None], [1, 1 + GAP, 1 + 2 * GAP]),
        ([HIGHEST - 1, None], [HIGHEST - 1, HIGHEST]),
        ([0, -5], [GAP, 2 * GAP]),
    ],
)
def test_examples(present: list[int | None], after: list[int]) -> None:
    assert assign(present) == after
