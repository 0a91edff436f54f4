"""The measures of the paper, in points, and the three sizes of type on it. docs/quoting.md says what stands where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from webapp.services.core.place import A4, LETTER
from webapp.services.quoting.paper import fonts
from webapp.services.quoting.paper.fonts import Family

SIZES = {A4: (595.28, 841.89), LETTER: (612.0, 792.0)}
SIDE = 54.0
# From the top: where page one begins, the baseline of the header, and where later pages begin; from the foot: where
# what is read ends, and the baseline of the footer.
FIRST_TOP, HEADER, TOP, FOOT, FOOTER = 42.0, 38.0, 62.0, 56.0, 42.0

INK, MUTED, HAIRLINE, WHITE = "#16191D", "#4A5159", "#D5D9DE", "#FFFFFF"
# The leading of the smallest texts.
SMALL = 11.0


class Style(NamedTuple):
    """How a text looks. ``bold``: the face of its bold parts; ``color``: of ``Pen.color``."""

    face: str
    bold: str
    size: float
    leading: float
    color: str


@cache
def styles(family: str) -> Mapping[str, Style]:
    """The styles by name, in the faces of a text font (``fonts.TEXTS``)."""
    regular, bold = f"{family}-regular", f"{family}-bold"
    return {
        "title": Style(bold, bold, 26, 32, "ink"),
        "name": Style(bold, bold, 10, 14, "ink"),
        "body": Style(regular, bold, 10, 14, "ink"),
        "soft": Style(regular, bold, 10, 14, "muted"),
        "accent": Style(bold, bold, 10, 14, "accent"),
        "link": Style(regular, bold, 10, 14, "accent"),
        "small": Style(regular, bold, 8, SMALL, "muted"),
        "print": Style(regular, bold, 8, SMALL, "ink"),
        "mark": Style(regular, bold, 8, 14, "muted"),
    }


@dataclass(frozen=True)
class Sheet:
    """A sheet of paper. ``paper``: A4 or Letter; ``font``: one of ``fonts.TEXTS``."""

    paper: str
    font: str = "inter"

    @property
    def text(self) -> Family:
        """The family of the text font."""
        return fonts.TEXTS[self.font]

    @property
    def styles(self) -> Mapping[str, Style]:
        """The styles in that font."""
        return styles(self.text.name)

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
