"""Lays out an offer as PDF: xhtml2pdf does page one, the cover and other scripts; rows are composed and drawn here.

One at a time in a process, as xhtml2pdf itself does it: reportlab keeps its fonts in module globals.
"""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webapp.services.company.brand.colors import Palette
from webapp.services.quoting.paper import cover, fonts, holds, markup, pages, qr, sheet
from webapp.services.quoting.paper.columns import Column, Grid
from webapp.services.quoting.paper.pages import Placed
from webapp.services.quoting.paper.pen import Pen
from webapp.services.quoting.paper.rows import Row
from webapp.services.quoting.paper.sheet import SIDE, Sheet
from webapp.services.quoting.paper.tags import Tree
from webapp.services.quoting.paper.texts import Block, Foreign, Text

ROWS = re.compile("<rows>(.*)</rows>", re.DOTALL)
HEADER = re.compile("<header>(.*)</header>", re.DOTALL)
MARK = re.compile(r'<mark n="([a-z-]+)"/>')
HEADER_ROOM = 380.0
NUMBER_ROOM = 90.0
RENDER_SECONDS = 240.0


@dataclass
class Facts:
    """What is written into the PDF beside its pages."""

    title: str
    author: str
    # What is said instead of the logo; empty without one.
    logo: str
    # For programs: hashes of what was signed.
    keywords: str = ""


@dataclass
class _Parts:
    """A document on its way: ``groups``: flowables of xhtml2pdf by name; ``above``: header left, right, and footer."""

    groups: dict[str, list[Any]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    above: list[Block] = field(default_factory=list)


def draw(
    html: str,
    paper: Sheet,
    grid: Grid,
    palette: Palette,
    facts: Facts,
    items: Mapping[str, bytes],
    base: Path,
) -> bytes:
    """The PDF of ``html`` (``document.html_of``). ``items``: pictures. Raises what xhtml2pdf and reportlab raise."""
    from xhtml2pdf.config.resources import ResourceAccessPolicy, render_budget, use_policy
    from xhtml2pdf.document import _RENDER_LOCK
    from xhtml2pdf.files import cleanFiles
    from xhtml2pdf.util import reset_caches

    policy = ResourceAccessPolicy.server(
        base, allow_remote=False, max_render_seconds=RENDER_SECONDS, max_document_bytes=None
    )
    with _RENDER_LOCK:
        try:
            with use_policy(policy), render_budget(policy):
                fonts.register(paper.text.name)
                parts = _parts(html, paper, grid, items, policy, base)
                return _drawn(parts, paper, palette, facts)
        finally:
            cleanFiles()
            reset_caches()


def _parts(
    html: str, paper: Sheet, grid: Grid, items: Mapping[str, bytes], policy: Any, base: Path
) -> _Parts:
    """The rows and the groups of flowables of ``html``."""
    from xhtml2pdf.document import pisaStory

    of_rows, of_header = ROWS.search(html), HEADER.search(html)
    parts = _Parts()
    parts.rows = markup.rows(of_rows[1], grid, items) if of_rows else []
    named = {"wide": Column(0, HEADER_ROOM), "right": Column(paper.space - 120, 120, True)}
    parts.above = markup.cells(of_header[1], named, paper.styles) if of_header else []
    foreign = [
        block
        for block in [*(cell.block for row in parts.rows for cell in row.cells), *parts.above]
        if isinstance(block, Foreign)
    ]
    # A paragraph of this starts a group: people can't know it, so no text of theirs does.
    start = secrets.token_hex(12)
    flowing = ROWS.sub("", HEADER.sub("", html))
    flowing = MARK.sub(lambda found: f"<p>{start}{found[1]}</p>", flowing)
    tail = "".join(f"<p>{start}foreign-{index}</p>{block.html}" for index, block in enumerate(foreign))
    flowing = flowing.replace("</body>", f"{tail}</body>")
    story = pisaStory(flowing, path=str(base / "quote.html"), encoding="utf-8", resource_policy=policy).story
    name = ""
    for flowable in story:
        text = getattr(flowable, "text", "")
        if isinstance(text, str) and text.startswith(start):
            name = text[len(start) :].strip()
            parts.groups[name] = []
        elif name:
            parts.groups[name].append(flowable)
    for index, block in enumerate(foreign):
        block.flowable = parts.groups[f"foreign-{index}"][0]
    return parts


def _drawn(parts: _Parts, paper: Sheet, palette: Palette, facts: Facts) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(paper.width, paper.height), pageCompression=1, lang="en")
    canvas.setTitle(facts.title)
    canvas.setAuthor(facts.author)
    canvas.setSubject("")
    canvas.setKeywords(facts.keywords)
    canvas.setCreator("Quotewright")
    canvas.setViewerPreference("DisplayDocTitle", "true")
    tree = Tree()
    pen = Pen(canvas, palette, tree)
    has_cover = "cover-title" in parts.groups
    if has_cover:
        cover.draw(pen, paper, parts.groups, facts.logo)
        canvas.addPageLabel(0, prefix="Cover")
        canvas.showPage()
        tree.next_page()
    canvas.addPageLabel(1 if has_cover else 0, style="ARABIC", start=1)
    first = _PageOne(parts.groups, paper, facts.logo)
    used = first.height(canvas)
    for row in parts.rows:
        for cell in row.cells:
            if isinstance(cell.block, Foreign):
                cell.block.flowable.canv = canvas
    holds.hold(parts.rows, paper.room(1))
    composed = pages.compose(parts.rows, paper.room, used)
    for number, placed in enumerate(composed):
        if number == 0:
            first.draw(pen)
        _page(pen, paper, parts.above, placed, number, len(composed))
        canvas.showPage()
        tree.next_page()
    tree.write(canvas)
    canvas.save()
    return target.getvalue()


class _PageOne:
    """What stands above the rows of page one: letterhead, title, parties, message."""

    def __init__(self, groups: dict[str, list[Any]], paper: Sheet, alternative: str) -> None:
        self._groups, self._paper, self._alternative = groups, paper, alternative

    def height(self, canvas: Any) -> float:
        """How much of the page it takes."""
        half = self._paper.space / 2
        self._logo = _Stack(self._groups.get("logo", []), half, canvas)
        self._seller = _Stack(self._groups.get("seller", []), half, canvas)
        self._title = _Stack(self._groups.get("title", []), self._paper.space, canvas)
        self._parties = _Stack(self._groups.get("parties", []), self._paper.space, canvas)
        self._message = _Stack(self._groups.get("message", []), self._paper.space, canvas)
        self._head = max(self._logo.height, self._seller.height)
        height = self._head + 30 + self._title.height + 12 + 10 + self._parties.height
        return height + (20 + self._message.height if self._message.height else 0)

    def draw(self, pen: Pen) -> None:
        """Draw it."""
        paper, top = self._paper, self._paper.height - sheet.FIRST_TOP
        self._logo.draw(pen, SIDE, top, "Figure" if self._alternative else "P", self._alternative)
        self._seller.draw(pen, SIDE + paper.space / 2, top)
        top -= self._head + 30
        self._title.draw(pen, SIDE, top, "H1")
        top -= self._title.height + 12
        pen.rule(SIDE, top, paper.space, 2, "accent")
        top -= 10
        self._parties.draw(pen, SIDE, top)
        top -= self._parties.height + 20
        self._message.draw(pen, SIDE, top)


class _Stack:
    """Flowables below each other."""

    def __init__(self, flowables: list[Any], room: float, canvas: Any) -> None:
        self._sized = [(one, one.wrapOn(canvas, room, 10_000)[1]) for one in flowables]
        self.height = float(sum(height for _, height in self._sized))

    def draw(self, pen: Pen, x: float, top: float, tag: str = "P", text: str = "") -> None:
        for one, height in self._sized:
            top -= height
            pen.flowable(one, x, top, tag, text)


def _page(pen: Pen, paper: Sheet, above: list[Block], placed: list[Placed], number: int, count: int) -> None:
    """Draw the rows of a page, its header and its footer."""
    top = paper.height - paper.top(number)
    left, right, foot = above
    with pen.decoration():
        if number:
            left.draw(pen, SIDE, paper.height - sheet.HEADER + 8)
            right.draw(pen, SIDE + paper.space - right.room, paper.height - sheet.HEADER + 8)
        foot.draw(pen, SIDE, sheet.FOOTER)
        style = paper.styles["small"]
        said = Text([f"Page {number + 1} of {count}"], style, NUMBER_ROOM, is_right=True)
        said.draw(pen, SIDE + paper.space - NUMBER_ROOM, sheet.FOOTER)
    before, is_table = "", False
    for index, one in enumerate(placed):
        row = one.row
        y = top - one.top
        if row.code and number == 0 and index == len(placed) - 1:
            y = top - paper.room(0) + row.height()
        if row.is_table != is_table:
            if row.is_table:
                pen.tree.open("Table")
            else:
                pen.tree.close()
            is_table = row.is_table
        row.draw(pen, y, before, has_heads=one.has_heads)
        if row.code:
            qr.draw(pen, row.code, SIDE, y - row.look.above)
            column = row.grid.columns["beside"]
            pen.canvas.linkURL(
                row.code,
                (
                    SIDE + column.x,
                    y - row.look.above - 28,
                    SIDE + column.x + column.width,
                    y - row.look.above - 14,
                ),
            )
        if row.kind in ("head", "part") and not row.is_again:
            _bookmark(pen, row, f"{number}-{index}")
        before = row.kind
    if is_table:
        pen.tree.close()


def _bookmark(pen: Pen, row: Row, key: str) -> None:
    block = row.cells[0].block
    text = block.lines[0] if isinstance(block, Text) else block.flowable.text
    pen.canvas.bookmarkPage(key)
    pen.canvas.addOutlineEntry(text, key, 0)
