"""How wide the columns of figures are: as wide as their widest figure, so that none is broken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from webapp.services.core.place import A4
from webapp.services.quoting.paper import fonts

# Points. The margins are those of the style sheet.
PAGE = {A4: 595.28, "": 612.0}
MARGINS = 2 * 51.02
# The style sheet keeps 6 points on the right of a figure.
GAP, WIDE_GAP = 6.5, 16
HEAD, HEAD_SPACING = 6.8, 0.3
SUM = 10.5
FIGURE_SIZES = (9, 8, 7, 6, 5)
TILE_SIZES = (14, 13, 12, 11, 10, 9, 8, 7, 6)
TILE_PADDING = 22
# The column of items keeps this share, and figures get smaller instead.
ITEM_SHARE = 0.34


@dataclass(frozen=True)
class Columns:
    """Widths in percent, and the size of the figures in points."""

    item: float
    quantity: float
    price: float
    discount: float
    amount: float
    size: int


def of_lines(paper: str, rows: Iterable[tuple[str, str, str, str]], sums: Iterable[str]) -> Columns:
    """The columns of a table of lines. Each row has its quantity, price, discount and amount as they are printed."""
    rows = list(rows)
    heads = ("Quantity", "Price", "Discount" if any(row[2] for row in rows) else "", "Amount")
    space = space_of(paper)
    columns = list(zip(*rows, strict=True)) or [()] * 4
    widest_sum = max((width(text, SUM, bold=True) for text in sums), default=0)
    for size, gap in [(FIGURE_SIZES[0], WIDE_GAP), *((size, GAP) for size in FIGURE_SIZES)]:
        wanted = [
            max([head_width(head), *(width(text, size) for text in set(column))]) + gap
            for head, column in zip(heads, columns, strict=True)
        ]
        wanted[3] = max(wanted[3], widest_sum * size / FIGURE_SIZES[0] + gap)
        if sum(wanted) <= space * (1 - ITEM_SHARE):
            break
    quantity, price, discount, amount = (round(100 * points / space, 3) for points in wanted)
    return Columns(100 - quantity - price - discount - amount, quantity, price, discount, amount, size)


def tile_size(paper: str, amounts: list[str]) -> int:
    """The size at which each of ``amounts`` fits into its tile, side by side."""
    room = space_of(paper) / max(len(amounts), 1) - TILE_PADDING
    fitting = (size for size in TILE_SIZES if all(width(text, size, bold=True) <= room for text in amounts))
    return next(fitting, TILE_SIZES[-1])


def space_of(paper: str) -> float:
    """The width between the margins."""
    return PAGE.get(paper, PAGE[""]) - MARGINS


def head_width(text: str) -> float:
    """The width of a column's head, which is in spaced capitals."""
    return width(text.upper(), HEAD) + HEAD_SPACING * len(text)


def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of ``text`` in the text font; letters from other fonts are taken to be wide."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    fonts.register(fonts.TEXT)
    known = fonts.codes(fonts.FAMILIES[0].regular) if not text.isascii() else frozenset()
    ours = "".join(letter for letter in text if letter.isascii() or ord(letter) in known)
    face = f"{fonts.TEXT}-{'bold' if bold else 'regular'}"
    return float(stringWidth(ours, face, size)) + (len(text) - len(ours)) * size
