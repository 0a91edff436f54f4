"""How wide the columns are: those of figures as wide as their widest figure, so that none is broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from webapp.services.quoting.paper import fonts, sheet
from webapp.services.quoting.paper.sheet import Sheet

# Figures are in these sizes: the first, and smaller ones where the items would lose too much room.
FIGURE_SIZES = (10.0, 8.0, 7.0, 6.0, 5.0)
HEAD = 8.0
# Between two columns of figures.
GAP = 14.0
# The narrowest that the design has, and the room for items that stays.
QUANTITY, PRICE, AMOUNT = 44.0, 72.0, 90.0
ITEM_SHARE = 0.4
# Beside the amount, for the mark of a taxed line.
MARK, MARK_GAP = 12.0, 4.0
BOX = 22.0
RIGHT = 150.0
SUMMARY = (120.0, 72.0, 78.0, 84.0)


class Column(NamedTuple):
    """From the left margin to its left edge, and its width."""

    x: float
    width: float
    is_right: bool = False


class Grid(NamedTuple):
    """All columns by name, and the size of the figures in the table of lines and in that of the totals."""

    columns: Mapping[str, Column]
    size: float
    summary_size: float


class Figures(NamedTuple):
    """The figures that are printed: of lines their quantity, price and amount; of the totals on top three a row."""

    lines: Iterable[tuple[str, str, str]]
    sums: Iterable[str]
    marks: Iterable[str]
    summary: Iterable[tuple[str, str, str]]


def grid(paper: Sheet, figures: Figures) -> Grid:
    """The columns on ``paper``."""
    space = paper.space
    marks = [width(mark, HEAD) for mark in figures.marks if mark]
    beside = max(MARK, max(marks) + MARK_GAP) if marks else 0.0
    size, (quantity, price, amount) = _figures(space - beside, figures)
    amount_x = space - beside - amount
    half = space / 2
    summary_size, sums = _summary(space, list(figures.summary))
    found = {
        "wide": Column(0, space),
        "item": Column(0, amount_x - price - quantity - GAP),
        "quantity": Column(amount_x - price - quantity, quantity, True),
        "price": Column(amount_x - price, price, True),
        "amount": Column(amount_x, amount, True),
        "mark": Column(space - beside + MARK_GAP, max(beside - MARK_GAP, 0.0)),
        "note": Column(0, half - GAP),
        "label": Column(half, max(amount_x - half, space / 8)),
        "box": Column(0, BOX),
        "option": Column(BOX, space - BOX - RIGHT - GAP),
        "lead": Column(0, space - RIGHT - GAP),
        "right": Column(space - RIGHT, RIGHT, True),
        "period": Column(0, SUMMARY[0]),
        "first": Column(SUMMARY[0], space - SUMMARY[0] - sum(sums) - GAP),
        "formula": Column(SUMMARY[0], space - SUMMARY[0] - sums[2] - GAP),
        "value": Column(SUMMARY[0], space - SUMMARY[0]),
        "items": Column(space - sum(sums), sums[0], True),
        "taxes": Column(space - sums[1] - sums[2], sums[1], True),
        "total": Column(space - sums[2], sums[2], True),
        "code": Column(0, 66.0),
        "beside": Column(80.0, space - 80.0),
        "when": Column(0, space * 0.195),
        "what": Column(space * 0.21, space * 0.345),
        "rest": Column(space * 0.21, space * 0.79),
        "whose": Column(space * 0.57, space * 0.26),
        "from": Column(space * 0.845, space * 0.155),
        "sign1": Column(0, space * 0.337),
        "sign2": Column(space * 0.365, space * 0.409),
        "sign3": Column(space * 0.802, space * 0.198),
    }
    return Grid(found, size, summary_size)


def _figures(space: float, figures: Figures) -> tuple[float, list[float]]:
    columns = list(zip(*figures.lines, strict=True)) or [(), (), ()]
    sums = set(figures.sums)
    wanted: list[float] = []
    for size in FIGURE_SIZES:
        least = (QUANTITY, PRICE, AMOUNT)
        wanted = [
            max([start, *(width(text, size) + GAP for text in set(column))])
            for start, column in zip(least, columns, strict=True)
        ]
        wanted[2] = max([wanted[2], *(width(text, size, bold=True) + GAP for text in sums)])
        if sum(wanted) <= space * (1 - ITEM_SHARE):
            return size, wanted
    return FIGURE_SIZES[-1], wanted


def _summary(space: float, rows: list[tuple[str, str, str]]) -> tuple[float, list[float]]:
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    wanted: list[float] = []
    for size in FIGURE_SIZES:
        wanted = [
            max([start, *(width(text, size, bold=True) + GAP for text in set(column))])
            for start, column in zip(SUMMARY[1:], columns, strict=True)
        ]
        if sum(wanted) <= space - SUMMARY[0] - GAP:
            return size, wanted
    return FIGURE_SIZES[-1], wanted


def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of ``text`` in the text font; letters from other fonts are taken to be wide."""
    from webapp.services.quoting.paper import texts

    fonts.register(fonts.TEXT)
    known = fonts.codes(fonts.FAMILIES[0].regular) if not text.isascii() else frozenset()
    ours = "".join(letter for letter in text if letter.isascii() or ord(letter) in known)
    face = sheet.BOLD if bold else sheet.REGULAR
    return texts.width(ours, face) * size + (len(text) - len(ours)) * size
