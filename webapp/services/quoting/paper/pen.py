"""What draws on the pages: a canvas, the colors of the brand, and what each mark on the paper is, for its tags."""

# ruff: noqa: SLF001  what is in a table of reportlab has no public name
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
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

    def flowable(self, flowable: Any, x: float, y: float, tag: str, text: str = "") -> None:
        """Draw a flowable of xhtml2pdf that is wrapped already; each paragraph in it is a ``tag``."""
        if text:
            with self.tagged(tag, text):
                flowable.drawOn(self.canvas, x, y)
            return
        for inner in _paragraphs(flowable):
            inner.drawOn = partial(self._draw, inner.drawOn, tag)
        flowable.drawOn(self.canvas, x, y)

    def _draw(self, draw_on: Any, tag: str, *given: Any, **named: Any) -> None:
        with self.tagged(tag):
            draw_on(*given, **named)


def _paragraphs(flowable: Any) -> Iterator[Any]:
    """The paragraphs in a table or a frame of xhtml2pdf, or the paragraph itself."""
    if isinstance(flowable, (list, tuple)):
        for one in flowable:
            yield from _paragraphs(one)
    elif hasattr(flowable, "_cellvalues"):
        yield from _paragraphs(flowable._cellvalues)
    elif hasattr(flowable, "_content"):
        yield from _paragraphs(flowable._content)
    elif hasattr(flowable, "frags"):
        yield flowable
