"""How people's texts stand on the paper: blank lines, indentation, and the side that each paragraph starts on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from markupsafe import Markup, escape

from webapp.services.quoting.paper import letters

# The layout time of a paragraph grows with the square of its length.
LONGEST = 2000
NO_BREAK = "\N{NO-BREAK SPACE}"
TAB = 4
BLANKS = re.compile(r"^[ \t\u3000]+|[ \t]{2,}|\t")


class Paragraph(NamedTuple):
    """Lines that start on the same side."""

    text: str
    right_to_left: bool


def paragraphs(text: str) -> list[Paragraph]:
    """``text`` in paragraphs of one direction each; long ones are split at a space."""
    found: list[Paragraph] = []
    if not text.strip():
        return found
    for line in _short_lines(text.strip("\n").rstrip()):
        direction = letters.direction_of(line)
        before = found[-1] if found else Paragraph("", direction == "R")
        right_to_left = direction == "R" if direction else before.right_to_left
        fits = len(before.text) + len(line) < LONGEST
        if found and right_to_left == before.right_to_left and fits:
            found[-1] = Paragraph(f"{before.text}\n{line}", right_to_left)
        else:
            found.append(Paragraph(line, right_to_left))
    return found


def lines(text: str) -> Markup:
    """Escaped text with line breaks as <br/>, where blank lines and indentation stay."""
    return Markup("<br/>").join(escape(BLANKS.sub(_kept, line) or NO_BREAK) for line in text.split("\n"))


def side(text: str) -> Markup:
    """The attribute of an element whose text runs from right to left."""
    return Markup(' dir="rtl"') if letters.direction_of(text) == "R" else Markup("")


def _kept(blanks: re.Match[str]) -> str:
    """Blanks that the layout doesn't fold: no-break spaces, with a last plain one within a line."""
    width = len(blanks[0].expandtabs(TAB))
    return NO_BREAK * width if blanks.start() == 0 else NO_BREAK * (width - 1) + " "


def _short_lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        rest = line.rstrip()
        while len(rest) > LONGEST:
            cut = rest.rfind(" ", LONGEST // 2, LONGEST)
            cut = cut if cut > 0 else LONGEST
            yield rest[:cut]
            rest = rest[cut:].lstrip(" ")
        yield rest
