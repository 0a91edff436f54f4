"""The rows of the paper: lines, totals, options, terms. Each knows its height, draws itself, and can be split."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from webapp.services.quoting.paper import pictures, sheet
from webapp.services.quoting.paper.columns import Grid
from webapp.services.quoting.paper.pen import Pen
from webapp.services.quoting.paper.pictures import Picture
from webapp.services.quoting.paper.texts import Block, Text

# How strongly a row holds to the next: not at all, where there is room, always.
FREE, WEAK, STRONG = 0, 1, 2
HEADS = (("item", "Item"), ("quantity", "Qty"), ("price", "Unit price"), ("amount", "Amount"))
BOX_SIZE = 9.0


class Look(NamedTuple):
    """Room above a row, within it above and below its texts, and the rule on top: color, thickness, first column.

    ``after``: the rule is only drawn below these kinds; empty for below all.
    """

    before: float = 0
    above: float = 0
    below: float = 0
    rule: tuple[str, float, str] | None = None
    after: tuple[str, ...] = ()


HAIR = ("hairline", 0.5, "wide")
LOOKS = {
    "head": Look(before=20, above=9, below=3, rule=("accent", 2, "wide")),
    "part": Look(before=20, above=9, below=3, rule=("accent", 2, "wide")),
    "section": Look(above=10, below=3),
    "text": Look(below=3),
    "line": Look(above=7, below=7, rule=HAIR, after=("line", "more", "section", "text")),
    "more": Look(below=5),
    "sum-first": Look(above=5, below=4, rule=("ink", 1, "label")),
    "sum": Look(above=4, below=4),
    "sum-last": Look(above=4, below=4, rule=("hairline", 0.5, "label")),
    "sum-only": Look(above=5, below=4, rule=("ink", 1, "label")),
    "note": Look(above=2, below=2),
    "summary-head": Look(before=20, below=4),
    "summary-first": Look(above=5.5, below=5.5, rule=("ink", 1, "wide")),
    "summary": Look(above=5.5, below=5.5, rule=HAIR),
    "due-first": Look(above=6, below=5, rule=("ink", 1, "wide")),
    "due": Look(above=5, below=5),
    "option": Look(above=7, below=7, rule=HAIR, after=("option", "more")),
    "para": Look(above=3, below=3),
    "full-name": Look(above=8, below=1),
    "sign": Look(before=34, above=4, below=2),
    "inked": Look(before=6),
    "sign-below": Look(above=4, below=2),
    "label": Look(above=14, below=2),
    "event-head": Look(before=16, below=4),
    "event-first": Look(above=4.5, below=4.5, rule=("ink", 1, "wide")),
    "event": Look(above=4.5, below=4.5, rule=HAIR),
    "signed": Look(above=6, below=6, rule=HAIR, after=("signed",)),
    "accept": Look(before=24, above=14, rule=HAIR),
    "band": Look(before=24, above=9, below=9, rule=("accent", 1, "wide")),
}


@dataclass
class Cell:
    """A text in a column, below those before it in the same column."""

    column: str
    block: Block


@dataclass
class Row:
    """A row of any kind. ``glue``: how it holds to the next. ``starts_page``: it is the first of a page.

    ``period``: the head that is repeated where a page ends after this row's; ``block``: of a head, the height of its
    whole period, where it is known. ``code``: of the row that says where to accept, the address.
    ``picture``: of the item, left of its texts.
    """

    kind: str
    cells: list[Cell]
    grid: Grid
    glue: int = FREE
    starts_page: bool = False
    period: Row | None = None
    block: float = 0
    code: str = ""
    picture: Picture | None = None
    is_filled: bool = False
    is_again: bool = False
    is_acceptance: bool = False

    @property
    def look(self) -> Look:
        """What its kind looks like."""
        return LOOKS[self.kind]

    @property
    def is_table(self) -> bool:
        """True for a row of a table."""
        return self.kind in TABLES

    def height(self, *, has_heads: bool = True) -> float:
        """Without the room above it. ``has_heads``: its page says already what the columns are."""
        by_column: dict[str, float] = {}
        for cell in self.cells:
            by_column[cell.column] = by_column.get(cell.column, 0.0) + cell.block.height
        least = 66.0 if self.code else pictures.SIZE if self.picture else 0.0
        tallest = max([*by_column.values(), least])
        heads = HEADS_HEIGHT if self.kind == "head" and not has_heads else 0.0
        return self.look.above + tallest + self.look.below + heads

    def draw(self, pen: Pen, top: float, before: str, *, has_heads: bool = True) -> None:
        """Draw with the upper edge at ``top``, below a row of the kind ``before``."""
        self._rule(pen, top, before)
        y = top - self.look.above
        is_row = self.is_table
        if is_row:
            pen.tree.open("TR")
        if self.picture:
            self._picture(pen, y, self.picture)
        used: dict[str, float] = {}
        for cell in self.cells:
            column = self.grid.columns[cell.column]
            with pen.tagged(
                ("TH" if self.kind in ("summary-head", "event-head") else "TD")
                if is_row
                else TAGS.get(self.kind, "P")
            ):
                cell.block.draw(pen, sheet.SIDE + column.x, y - used.get(cell.column, 0.0))
            used[cell.column] = used.get(cell.column, 0.0) + cell.block.height
        if is_row:
            pen.tree.close()
        if self.kind == "option":
            self._box(pen, y)
        if self.kind in ("sign", "sign-below"):
            for name in ("sign1", "sign2", "sign3"):
                column = self.grid.columns[name]
                pen.rule(sheet.SIDE + column.x, top, column.width, 1, "ink")
        if self.kind == "band":
            pen.rule(sheet.SIDE, top - self.height(), self.grid.columns["wide"].width, 1, "accent")
        if self.kind == "head" and not has_heads:
            self._heads(pen, top - self.height(has_heads=False))

    def split(self, room: float) -> tuple[Row, Row] | None:
        """The part that fits into ``room`` and the rest; None where it has no such parts."""
        fits = room - self.look.above - self.look.below
        heights: dict[str, float] = {}
        upper: list[Cell] = []
        lower: list[Cell] = []
        for cell in self.cells:
            used = heights.get(cell.column, 0.0)
            heights[cell.column] = used + cell.block.height
            if used + cell.block.height <= fits:
                upper.append(cell)
                continue
            parts = cell.block.split(fits - used) if used < fits else None
            if parts:
                upper.append(replace(cell, block=parts[0]))
                lower.append(replace(cell, block=parts[1]))
            else:
                lower.append(cell)
        if not upper or not lower:
            return None
        rest = "more" if self.kind in ("line", "option") else self.kind
        return replace(self, cells=upper, glue=FREE), replace(
            self, kind=rest, cells=lower, starts_page=False, picture=None
        )

    def _rule(self, pen: Pen, top: float, before: str) -> None:
        look = self.look
        if look.rule and (not look.after or before in look.after):
            color, thickness, first = look.rule
            x = self.grid.columns[first].x
            pen.rule(sheet.SIDE + x, top, self.grid.columns["wide"].width - x, thickness, color)

    def _picture(self, pen: Pen, y: float, picture: Picture) -> None:
        pen.tree.open("TD")
        picture.draw(pen, sheet.SIDE + self.grid.columns["option" if self.kind == "option" else "item"].x, y)
        pen.tree.close()

    def _box(self, pen: Pen, y: float) -> None:
        with pen.decoration():
            pen.canvas.setLineWidth(1)
            pen.canvas.setStrokeColor(pen.color("accent" if self.is_filled else "ink"))
            pen.canvas.setFillColor(pen.color("accent"))
            pen.canvas.rect(
                sheet.SIDE + 0.5, y - 11.5, BOX_SIZE, BOX_SIZE, stroke=1, fill=1 if self.is_filled else 0
            )

    def _heads(self, pen: Pen, bottom: float) -> None:
        style = self.grid.styles["small"]
        pen.tree.open("TR")
        for name, word in HEADS:
            column = self.grid.columns[name]
            text = Text([word], style, column.width, is_right=column.is_right)
            with pen.tagged("TH"):
                text.draw(pen, sheet.SIDE + column.x, bottom + style.leading + 5)
        pen.tree.close()
        pen.rule(sheet.SIDE, bottom + 1, self.grid.columns["wide"].width, 1, "ink")


HEADS_HEIGHT = sheet.SMALL + 9
TABLES = frozenset({
    "line", "more", "sum-first", "sum", "sum-last", "sum-only", "summary-head", "summary-first", "summary", "due-first",
    "due", "option", "signed", "event-head", "event-first", "event",
})  # fmt: skip
TAGS = {"head": "H2", "part": "H2", "section": "H3", "full-name": "H3"}
