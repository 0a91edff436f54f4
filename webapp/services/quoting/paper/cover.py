"""The cover: a block in the accent with the title, and who offers to whom."""

from __future__ import annotations

from typing import Any

from webapp.services.quoting.paper.pen import Pen
from webapp.services.quoting.paper.sheet import SIDE, Sheet

# From the top of a sheet of 792 points.
LOGO, BLOCK_TOP, BLOCK_END, NUMBER, TITLE_END, PARTIES, LEGAL = 54.0, 152.0, 504.0, 180.0, 440.0, 532.0, 728.0
TITLE_ROOM = 420.0


def draw(pen: Pen, paper: Sheet, groups: dict[str, list[Any]], logo: str) -> None:
    """Draw the cover with the flowables of xhtml2pdf in ``groups``. ``logo``: what is said instead of it."""
    canvas = pen.canvas
    with pen.decoration():
        canvas.setFillColor(pen.color("accent"))
        canvas.rect(0, paper.height - BLOCK_END, paper.width, BLOCK_END - BLOCK_TOP, stroke=0, fill=1)
    _place(pen, paper, groups["cover-logo"], LOGO, paper.space, "Figure" if logo else "P", logo)
    _place(pen, paper, groups["cover-number"], NUMBER, paper.space, "P")
    title = groups["cover-title"]
    height = sum(one.wrapOn(canvas, TITLE_ROOM, paper.height)[1] for one in title)
    _place(pen, paper, title, max(TITLE_END - height, NUMBER + 24), TITLE_ROOM, "P")
    _place(pen, paper, groups["cover-parties"], PARTIES, paper.space, "P")
    _place(pen, paper, groups["cover-legal"], LEGAL + paper.height - 792, paper.space, "P")


def _place(
    pen: Pen, paper: Sheet, flowables: list[Any], down: float, room: float, tag: str, text: str = ""
) -> None:
    y = paper.height - down
    for one in flowables:
        y -= one.wrapOn(pen.canvas, room, paper.height)[1]
        pen.flowable(one, SIDE, y, tag, text)
