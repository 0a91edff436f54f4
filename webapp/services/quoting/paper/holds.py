"""Which rows hold to each other, so that none stands alone on a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from webapp.services.quoting.paper.rows import FREE, STRONG, WEAK, Row

SUMS = frozenset({"sum-first", "sum", "sum-last", "sum-only"})
SUMMARY = frozenset({"summary-head", "summary-first", "summary", "due-first", "due"})
# Options that stay on one page as a whole, and the least that stands before the acceptance: three lines.
FEW_OPTIONS = 6
BEFORE_ACCEPTANCE = 42.0
# More sums than this can end a page between two of them.
MANY_SUMS = 12


def hold(rows: Sequence[Row], room: float) -> None:
    """Set the ``glue`` of each row, and what is known of whole periods. ``room``: the height of a page."""
    for row, after in pairwise(rows):
        row.glue = _between(row, after)
    _runs(rows, lambda row: row.kind == "line", few=3)
    _runs(rows, lambda row: row.kind == "option", few=FEW_OPTIONS)
    _sums(rows)
    _acceptance(rows)
    _periods(rows, room)


def _between(row: Row, after: Row) -> int:
    if row.kind in (
        "head",
        "part",
        "section",
        "full-name",
        "summary-head",
        "signed",
        "sign",
        "inked",
        "label",
        "event-head",
    ):
        return STRONG if (row.kind, after.kind) != ("signed", "part") else FREE
    if row.kind == "text":
        return STRONG if after.kind in ("line", "option") else FREE
    if row.kind in ("line", "option") and after.kind == "more":
        return STRONG
    if row.kind in SUMMARY and after.kind in SUMMARY:
        return STRONG
    if row.kind in SUMS and after.kind in (SUMS | {"note"}):
        return STRONG
    if row.kind in ("line", "more") and after.kind in SUMS:
        return STRONG
    return FREE


def _runs(rows: Sequence[Row], belongs: Callable[[Row], bool], few: int) -> None:
    """Of rows of one kind in sequence: the first two hold together, and the last two; few of them all."""
    start = 0
    while start < len(rows):
        if not belongs(rows[start]):
            start += 1
            continue
        end = start
        while end < len(rows) and (belongs(rows[end]) or rows[end].kind == "more"):
            end += 1
        of_kind = [index for index in range(start, end) if belongs(rows[index])]
        pairs = [*pairwise(of_kind)]
        kept = pairs if len(of_kind) <= few else [pairs[0], pairs[-1]]
        for first, second in kept:
            for index in range(first, second):
                rows[index].glue = max(rows[index].glue, WEAK if second - first > few else STRONG)
        start = end


def _sums(rows: Sequence[Row]) -> None:
    """So many taxes that they fill a page can be parted."""
    taxes = [index for index, row in enumerate(rows) if row.kind == "sum"]
    if len(taxes) > MANY_SUMS:
        for index in taxes:
            rows[index].glue = WEAK


def _acceptance(rows: Sequence[Row]) -> None:
    """The acceptance stays whole, and what stands before it stays with it, as far as it takes."""
    start = next((index for index, row in enumerate(rows) if row.is_acceptance), None)
    if start is None:
        return
    end = next((index for index in range(start + 1, len(rows)) if rows[index].kind == "part"), len(rows))
    for index in range(start, end - 1):
        rows[index].glue = STRONG
    before, index = 0.0, start
    while index and before < BEFORE_ACCEPTANCE:
        index -= 1
        rows[index].glue = STRONG
        before += rows[index].height()


def _periods(rows: Sequence[Row], room: float) -> None:
    """The height of each period as a whole, where it can stand on one page."""
    for index, row in enumerate(rows):
        if row.kind != "head":
            continue
        height, at = row.height(has_heads=False), index + 1
        while at < len(rows) and height <= room and rows[at].period is row:
            height += rows[at].look.before + rows[at].height()
            at += 1
        row.block = height if height <= room else 0.0
