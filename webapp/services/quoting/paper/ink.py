"""Signatures on the paper: a typed one in a script font, and a drawn one as a picture."""

from __future__ import annotations

import base64
from functools import cache
from html import unescape
from io import BytesIO
from typing import Any

from webapp.services.quoting.paper import fonts, texts
from webapp.services.quoting.paper.pen import Pen
from webapp.services.quoting.paper.sheet import Style

FILE, FACE = "caveat/Caveat_500Medium.ttf", "signature"
# The kinds of texts in rows that are signatures.
TYPED, DRAWN = "typed", "drawn"
HEIGHT = 42.0
# Sizes of a typed signature: the first that fits.
SIZES = (26.0, 22.0, 18.0, 14.0, 10.0)
# A drawn signature isn't printed larger than it was drawn.
POINTS_PER_PIXEL = 0.6


class Drawn:
    """A drawn signature that stands on the line below it. ``room``: the width it has."""

    def __init__(self, png: str, room: float) -> None:
        from reportlab.lib.utils import ImageReader

        self._image = ImageReader(BytesIO(base64.b64decode(png)))
        width, height = self._image.getSize()
        scale = min(POINTS_PER_PIXEL, room / width, (HEIGHT - 4) / height)
        self._size = width * scale, height * scale
        self.room, self.height = room, HEIGHT

    def draw(self, pen: Pen, x: float, top: float) -> None:
        """Draw with the left edge at ``x`` and the upper one at ``top``."""
        width, height = self._size
        pen.canvas.drawImage(self._image, x, top - HEIGHT + 2, width, height)

    def split(self, _height: float) -> None:
        """It can't be."""
        return


class Typed:
    """A typed signature, in letters as written by hand."""

    def __init__(self, text: str, room: float) -> None:
        self._text, self.room, self.height = text, room, HEIGHT
        self._face = _face()
        width = texts.width(text, self._face)
        self._size = next((size for size in SIZES if width * size <= room), SIZES[-1])

    def draw(self, pen: Pen, x: float, top: float) -> None:
        """Draw with the left edge at ``x`` and the upper one at ``top``."""
        pen.canvas.setFillColor(pen.color("ink"))
        pen.canvas.setFont(self._face, self._size)
        pen.canvas.drawString(x, top - HEIGHT + 8, self._text)

    def split(self, _height: float) -> None:
        """It can't be."""
        return


def block(kind: str, inner: str, room: float, name: Style) -> Any:
    """The signature in a cell. ``inner``: the name as HTML, or a PNG in base 64; ``name``: the style of names.

    A name that is too long, or that the script font has no letters for, is printed in the font of its letters.
    """
    if kind == DRAWN:
        return Drawn(inner, room)
    text = unescape(inner)
    is_short = texts.width(text, _face()) * SIZES[-1] <= room
    if is_short and "<" not in inner and all(ord(letter) in fonts.codes(FILE) for letter in text):
        return Typed(text, room)
    spaced = f"&nbsp;<br/>&nbsp;<br/>{inner}"
    return texts.block(spaced, "name", name, room, is_right=False, is_rtl=False)


@cache
def _face() -> str:
    """The script font, known to reportlab."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont(FACE, str(fonts.FONTS / FILE)))
    return FACE
