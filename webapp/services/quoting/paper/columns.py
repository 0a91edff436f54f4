"""How wide the columns are: those of figures as wide as their widest figure, so that none is broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from webapp.services.quoting.paper import fonts, texts
from webapp.services.quoting.paper.fonts import Family
from webapp.services.quoting.paper.sheet import Sheet, Style

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
# For the picture of an item, left of its name.
PICTURE = 40.0
RIGHT = 150.0
SUMMARY = (120.0, 72.0, 78.0, 84.0)


class Column(NamedTuple):
    """From the left margin to its left edge, and its width."""

    x: float
    width: float
    is_right: bool = False


class Grid(NamedTuple):
    """All columns by name, the styles of texts, and the size of figures in the table of lines and in that of totals."""

    columns: Mapping[str, Column]
    size: float
    summary_size: float
    styles: Mapping[str, Style]


class Figures(NamedTuple):
    """The figures that are printed: of lines their quantity, price and amount; of the totals on top three a row."""

    lines: Iterable[tuple[str, str, str]]
    sums: Iterable[str]
    marks: Iterable[str]
    summary: Iterable[tuple[str, str, str]]


class _Figures(NamedTuple):
    """The figures of a column: the least that it is wide, and what is in regular and in bold type."""

    least: float
    regular: Iterable[str] = ()
    bold: Iterable[str] = ()


def grid(paper: Sheet, figures: Figures) -> Grid:
    """The columns on ``paper``."""
    space, text = paper.space, paper.text
    fonts.register(text.name)
    marks = [width(mark, HEAD, text) for mark in figures.marks if mark]
    beside = max(MARK, max(marks) + MARK_GAP) if marks else 0.0
    quantities, prices, amounts = list(zip(*figures.lines, strict=True)) or [(), (), ()]
    size, (quantity, price, amount) = _sized(
        [_Figures(QUANTITY, quantities), _Figures(PRICE, prices), _Figures(AMOUNT, amounts, figures.sums)],
        (space - beside) * (1 - ITEM_SHARE),
        text,
    )
    amount_x = space - beside - amount
    half = space / 2
    of_sums = list(zip(*figures.summary, strict=True)) or [(), (), ()]
    summary_size, sums = _sized(
        [_Figures(least, bold=column) for least, column in zip(SUMMARY[1:], of_sums, strict=True)],
        space - SUMMARY[0] - GAP,
        text,
    )
    found = {
        "wide": Column(0, space),
        "item": Column(0, amount_x - price - quantity - GAP),
        "item-pictured": Column(PICTURE, amount_x - price - quantity - GAP - PICTURE),
        "quantity": Column(amount_x - price - quantity, quantity, True),
        "price": Column(amount_x - price, price, True),
        "amount": Column(amount_x, amount, True),
        "mark": Column(space - beside + MARK_GAP, max(beside - MARK_GAP, 0.0)),
        "note": Column(0, half - GAP),
        "label": Column(half, max(amount_x - half, space / 8)),
        "box": Column(0, BOX),
        "option": Column(BOX, space - BOX - RIGHT - GAP),
        "option-pictured": Column(BOX + PICTURE, space - BOX - RIGHT - GAP - PICTURE),
        "lead": Column(0, space - RIGHT - GAP),
        "right": Column(space - RIGHT, RIGHT, True),
        "period": Column(0, SUMMARY[0]),
        "first": Column(SUMMARY[0], space - SUMMARY[0] - sum(sums) - GAP),
        "formula": Column(SUMMARY[0], space - SUMMARY[0] - sums[2] - GAP),
        "value": Column(SUMMARY[0], space - SUMMARY[0]),
        "items": Column(space - sum(sums), sums[0], True),
        "taxes": Column(space - sums[1] - sums[2], sums[1], True),
        "total": Column(space - sums[2], sums[2], True),
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
    return Grid(found, size, summary_size, paper.styles)


def _sized(columns: Sequence[_Figures], room: float, text: Family) -> tuple[float, list[float]]:
    """The largest size in which the columns fit into ``room``, and how wide they are."""
    wanted: list[float] = []
    for size in FIGURE_SIZES:
        wanted = [
            max(
                [
                    column.least,
                    *(width(figure, size, text) + GAP for figure in set(column.regular)),
                    *(width(figure, size, text, bold=True) + GAP for figure in set(column.bold)),
                ]
            )
            for column in columns
        ]
        if sum(wanted) <= room:
            return size, wanted
    return FIGURE_SIZES[-1], wanted


def width(figure: str, size: float, text: Family, *, bold: bool = False) -> float:
    """The width of ``figure`` in a registered text font; letters from other fonts are taken to be wide."""
    known = fonts.codes(text.regular) if not figure.isascii() else frozenset()
    ours = "".join(letter for letter in figure if letter.isascii() or ord(letter) in known)
    face = f"{text.name}-bold" if bold else f"{text.name}-regular"
    return texts.width(ours, face) * size + (len(figure) - len(ours)) * size
