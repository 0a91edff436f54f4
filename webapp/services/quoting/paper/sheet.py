"""The measures of the paper, in points, and the three sizes of type on it. docs/quoting.md says what stands where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from webapp.services.core.place import A4, LETTER
from webapp.services.quoting.paper import fonts

SIZES = {A4: (595.28, 841.89), LETTER: (612.0, 792.0)}
SIDE = 54.0
# From the top: where page one begins, the baseline of the header, and where later pages begin; from the foot: where
# what is read ends, and the baseline of the footer.
FIRST_TOP, HEADER, TOP, FOOT, FOOTER = 42.0, 38.0, 62.0, 56.0, 42.0

INK, MUTED, HAIRLINE, WHITE = "#16191D", "#4A5159", "#D5D9DE", "#FFFFFF"
REGULAR, BOLD = f"{fonts.TEXT}-regular", f"{fonts.TEXT}-bold"


class Style(NamedTuple):
    """How a text looks. ``color``: of ``Pen.color``."""

    face: str
    size: float
    leading: float
    color: str


STYLES = {
    "title": Style(BOLD, 26, 32, "ink"),
    "name": Style(BOLD, 10, 14, "ink"),
    "body": Style(REGULAR, 10, 14, "ink"),
    "soft": Style(REGULAR, 10, 14, "muted"),
    "accent": Style(BOLD, 10, 14, "accent"),
    "link": Style(REGULAR, 10, 14, "accent"),
    "small": Style(REGULAR, 8, 11, "muted"),
    "print": Style(REGULAR, 8, 11, "ink"),
    "mark": Style(REGULAR, 8, 14, "muted"),
}


@dataclass(frozen=True)
class Sheet:
    """A sheet of paper. ``paper``: A4 or Letter."""

    paper: str

    @property
    def width(self) -> float:
        """Of the whole sheet."""
        return SIZES[self.paper][0]

    @property
    def height(self) -> float:
        """Of the whole sheet."""
        return SIZES[self.paper][1]

    @property
    def space(self) -> float:
        """The width between the margins."""
        return self.width - 2 * SIDE

    def room(self, page: int) -> float:
        """The height for what is read on a page, counted from 0."""
        return self.height - FOOT - self.top(page)

    def top(self, page: int) -> float:
        """How far from the top of the sheet a page begins to be read."""
        return FIRST_TOP if page == 0 else TOP
