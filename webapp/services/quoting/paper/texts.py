"""Texts in the cells of rows: those in the text font are broken into lines here, all others by xhtml2pdf.

xhtml2pdf can lay out every script and both directions, and takes ten times as long for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from typing import Any

from webapp.services.quoting.paper.pen import Pen
from webapp.services.quoting.paper.sheet import Style

# Where the first baseline is below the top of a line: half of the leading, and this share of the size.
BASELINE = 0.36
# Between the parts of a header or footer.
PART = " · "
BOLD_PART = re.compile("<b>(.*?)</b>")
# Widths of so many words are kept, none of them longer than this.
KEPT_WORDS, LONGEST_KEPT = 20_000, 40
# A text that is split leaves so many lines on each page.
FEWEST = 3


class Text:
    """Lines in the text font. ``room``: the width they were broken for.

    ``has_markup``: its one line is HTML with bold parts of ours; all other lines are plain text, drawn as they are.
    """

    def __init__(
        self,
        lines: list[str],
        style: Style,
        room: float,
        *,
        is_right: bool = False,
        has_markup: bool = False,
    ) -> None:
        self.lines, self.style, self.room = lines, style, room
        self.is_right, self.has_markup = is_right, has_markup

    @property
    def height(self) -> float:
        """The height of all lines."""
        return len(self.lines) * self.style.leading

    def draw(self, pen: Pen, x: float, top: float) -> None:
        """Draw with the left edge at ``x`` and the upper one at ``top``."""
        face, _, size, leading, color = self.style
        y = top - leading / 2 - BASELINE * size
        canvas = pen.canvas
        canvas.setFillColor(pen.color(color))
        if not self.is_right and len(self.lines) > 1:
            text = canvas.beginText(x, y)
            text.setFont(face, size, leading)
            for line in self.lines[:-1]:
                text.textLine(line + " ")  # those who listen or copy get words apart
            text.textLine(self.lines[-1])
            canvas.drawText(text)
            return
        for number, line in enumerate(self.lines):
            parts = list(_parts(line, self.style)) if self.has_markup else [(line, face)]
            at = x + self.room - sum(width(part, its) for part, its in parts) * size if self.is_right else x
            for part, its in parts:
                canvas.setFont(its, size)
                canvas.drawString(at, y - number * leading, part)
                at += width(part, its) * size

    def split(self, height: float) -> tuple[Text, Text] | None:
        """The lines that fit into ``height`` and the others; None where too few would stand on a side."""
        count = min(int((height + 0.01) / self.style.leading), len(self.lines) - FEWEST)
        if count < FEWEST:
            return None
        return tuple(  # type: ignore[return-value]
            Text(lines, self.style, self.room, is_right=self.is_right)
            for lines in (self.lines[:count], self.lines[count:])
        )


class Foreign:
    """A paragraph of xhtml2pdf. It is known by its HTML until all of them are laid out together."""

    def __init__(self, html: str, room: float) -> None:
        self.html, self.room = html, room
        self.flowable: Any = None
        self._height: float | None = None

    @property
    def height(self) -> float:
        """The height of all lines."""
        if self._height is None:
            self._height = float(self.flowable.wrap(self.room, 10_000)[1])
        return self._height

    def draw(self, pen: Pen, x: float, top: float) -> None:
        """Draw with the left edge at ``x`` and the upper one at ``top``."""
        self.flowable.canv = pen.canvas
        self.flowable.drawOn(pen.canvas, x, top - self.height)

    def split(self, height: float) -> tuple[Foreign, Foreign] | None:
        """The lines that fit into ``height`` and the others; None where too few would stand on a side."""
        if height >= self.height:
            return None
        parts = self.flowable.split(self.room, height)
        if len(parts) != 2:
            self._height = None  # it has forgotten its lines
            return None
        made = Foreign("", self.room), Foreign("", self.room)
        for one, flowable in zip(made, parts, strict=True):
            one.flowable = flowable
        return made


Block = Text | Foreign


def block(inner: str, name: str, style: Style, room: float, *, is_right: bool, is_rtl: bool) -> Block:
    """The text of a cell. ``inner``: HTML with line breaks, bold parts, and spans in fonts of other scripts.

    ``name``: of its style, which the style sheet knows too.
    """
    if is_rtl or "<span" in inner:
        classes = f"{name} right" if is_right else name
        return Foreign(f'<p class="{classes}"{" dir=rtl" if is_rtl else ""}>{inner}</p>', room)
    if "<b>" in inner:
        return Text([inner], style, room, is_right=is_right, has_markup=True)
    lines: list[str] = []
    for line in inner.split("<br/>"):
        lines += broken(unescape(line), style, room)
    return Text(lines, style, room, is_right=is_right)


def broken(text: str, style: Style, room: float) -> list[str]:
    """``text`` in lines no wider than ``room``: broken at spaces, and within a word that is wider than a line."""
    face, space = style.face, room / style.size
    if width(text, face) <= space:
        return [text]
    blank = width(" ", face)
    lines: list[str] = []
    line, used = "", 0.0
    for word in text.split(" "):
        wide = width(word, face)
        if line and used + blank + wide <= space:
            line, used = f"{line} {word}", used + blank + wide
            continue
        if line:
            lines.append(line)
        line, used = word, wide
        if wide > space:
            *whole, line = _pieces(word, face, space)
            lines += whole
            used = width(line, face)
    return [*lines, line]


def shortened(text: str, style: Style, room: float, *, by_part: bool = False) -> str:
    """``text`` on one line of ``room``, with … where it is cut; ``by_part``: without the last parts that don't fit."""
    space = room / style.size
    while by_part and PART in text and width(text, style.face) > space:
        text = text.rpartition(PART)[0]
    if width(text, style.face) <= space:
        return text
    while text and width(text + "…", style.face) > space:
        text = text[:-1]
    return text.rstrip() + "…"


def width(text: str, face: str) -> float:
    """The width of ``text`` at a size of one point."""
    return (_kept_width if len(text) <= LONGEST_KEPT else _width)(text, face)


def _width(text: str, face: str) -> float:
    from reportlab.pdfbase.pdfmetrics import stringWidth

    return float(stringWidth(text, face, 1))


_kept_width = lru_cache(maxsize=KEPT_WORDS)(_width)


def _pieces(word: str, face: str, space: float) -> Iterator[str]:
    piece, used = "", 0.0
    for letter in word:
        wide = width(letter, face)
        if piece and used + wide > space:
            yield piece
            piece, used = "", 0.0
        piece, used = piece + letter, used + wide
    yield piece


def _parts(line: str, style: Style) -> Iterator[tuple[str, str]]:
    for number, part in enumerate(BOLD_PART.split(line)):
        if part:
            yield unescape(part), style.bold if number % 2 else style.face
