"""What draws on the pages: a canvas, the colors of the brand, and what each mark on the paper is, for its tags."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from webapp.services.company.brand.colors import Palette
from webapp.services.quoting.paper import sheet
from webapp.services.quoting.paper.tags import Tree


class Pen:
    """A canvas of reportlab with the colors of an offer."""

    def __init__(self, canvas: Any, palette: Palette, tree: Tree) -> None:
        from reportlab.lib.colors import HexColor

        self.canvas, self.tree = canvas, tree
        self._colors = {
            "ink": HexColor(sheet.INK),
            "muted": HexColor(sheet.MUTED),
            "hairline": HexColor(sheet.HAIRLINE),
            "white": HexColor(sheet.WHITE),
            "accent": HexColor(palette.accent),
        }

    def color(self, name: str) -> Any:
        """The color of ink, muted text, hairlines, white or the accent."""
        return self._colors[name]

    def rule(self, x: float, y: float, length: float, thickness: float, color: str) -> None:
        """A horizontal line whose upper edge is at ``y``."""
        with self.decoration():
            self.canvas.setFillColor(self._colors[color])
            self.canvas.rect(x, y - thickness, length, thickness, stroke=0, fill=1)

    @contextmanager
    def decoration(self) -> Iterator[None]:
        """What is drawn here says nothing to those who listen."""
        self.tree.begin_artifact(self.canvas)
        yield
        self.tree.end(self.canvas)

    @contextmanager
    def tagged(self, tag: str, text: str = "") -> Iterator[None]:
        """What is drawn here is a ``tag`` (P, H1, TD …). ``text``: what is said instead of a picture."""
        self.tree.begin(self.canvas, tag, text)
        yield
        self.tree.end(self.canvas)
