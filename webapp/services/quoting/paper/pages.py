"""Which row stands on which page: nothing alone that belongs together, nothing left over for a last page.

A row that holds to the next one isn't parted from it where the pages can end elsewhere. What is taller than a page is
parted at the weakest hold, and at last within a row.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from webapp.services.quoting.paper.rows import FREE, STRONG, Cell, Row
from webapp.services.quoting.paper.texts import Text

# A billing period that fits on a page but not on the rest of this one starts a page, where the rest is less than this.
REST = 1 / 3


@dataclass(frozen=True)
class Placed:
    """A row on its page. ``top``: below where the page begins to be read."""

    row: Row
    top: float
    has_heads: bool


def compose(rows: Iterable[Row], room: Callable[[int], float], used: float = 0.0) -> list[list[Placed]]:
    """The rows of each page. ``room``: the height of a page by its number; ``used``: of the first, what is taken."""
    left = deque(rows)
    pages: list[list[Placed]] = []
    while left:
        pages.append(_page(left, room(len(pages)), used if not pages else 0.0))
    return pages or [[]]


def _page(left: deque[Row], room: float, taken: float) -> list[Placed]:
    """Take from ``left`` what stands on the next page."""
    page: list[Placed] = []
    has_heads = False
    used = taken
    repeated = _repeated(left[0]) if not taken else None
    if repeated is not None:
        page.append(Placed(repeated, 0.0, has_heads=False))
        used, has_heads = repeated.height(has_heads=False), True
    first = len(page)
    while left:
        row = left[0]
        gap = row.look.before if page or taken else 0.0
        height = row.height(has_heads=has_heads)
        if len(page) > first and (row.starts_page or _is_better_on_the_next(row, used + gap, room)):
            return page
        if used + gap + height > room + 0.01:
            _cut(
                page, left, first, room - used - gap, used + gap, has_heads=has_heads, is_started=bool(taken)
            )
            return page
        page.append(Placed(left.popleft(), used + gap, has_heads))
        used += gap + height
        has_heads = has_heads or row.kind == "head"
    return page


def _cut(
    page: list[Placed],
    left: deque[Row],
    first: int,
    rest: float,
    top: float,
    *,
    has_heads: bool,
    is_started: bool,
) -> None:
    """End a page whose next row doesn't fit into ``rest``."""
    row = left[0]
    parts = row.split(rest) if row.kind == "para" else None
    if parts:
        page.append(Placed(parts[0], top, has_heads))
        left[0] = parts[1]
        return
    # Where a page has begun with something else, nothing of the rows need be on it.
    ends = range(len(page), first - 1 if is_started else first, -1)
    for hold in (FREE, STRONG - 1, STRONG):
        for end in ends:
            if end == first or page[end - 1].row.glue <= hold:
                left.extendleft(placed.row for placed in reversed(page[end:]))
                del page[end:]
                return
    parts = row.split(rest)
    page.append(Placed(parts[0] if parts else row, top, has_heads))
    left.popleft()
    if parts:
        left.appendleft(parts[1])


def _is_better_on_the_next(row: Row, used: float, room: float) -> bool:
    return bool(row.block) and room - used < row.block <= room and room - used < room * REST


def _repeated(row: Row) -> Row | None:
    """The head of a period that goes on, for the top of a page."""
    head = row.period
    if head is None or row.kind == "head":
        return None
    (cell, *others) = head.cells
    block = cell.block
    if isinstance(block, Text):
        block = Text([f"{block.lines[0]}, continued"], block.style, block.room)
    return replace(head, cells=[Cell(cell.column, block), *others], period=None, is_again=True, block=0)
