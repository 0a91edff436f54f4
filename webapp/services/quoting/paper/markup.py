"""Reads the rows that the template writes: ``<r k="line">`` with texts ``<t s="name" c="item">``.

The template escapes what people wrote, so no tag in it is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape

from webapp.services.quoting.paper import ink, texts
from webapp.services.quoting.paper.columns import Column, Grid
from webapp.services.quoting.paper.pictures import Picture
from webapp.services.quoting.paper.rows import Cell, Row
from webapp.services.quoting.paper.sheet import Style

ROW = re.compile(r'<r k="([a-z-]+)"([^>]*)>(.*?)</r>', re.DOTALL)
TEXT = re.compile(r'<t s="([a-z-]+)" c="([a-z0-9-]+)"( dir="rtl"| parts="1")?>(.*?)</t>', re.DOTALL)
ATTRIBUTE = re.compile(r'([a-z])="([^"]*)"')


def rows(html: str, grid: Grid, items: Mapping[str, bytes]) -> list[Row]:
    """The rows in ``html``, in their order. ``items``: the pictures that they name."""
    styles = {**grid.styles, **_figures(grid)}
    found: list[Row] = []
    head: Row | None = None
    for kind, attributes, inner in ROW.findall(html):
        said = dict(ATTRIBUTE.findall(attributes))
        row = Row(
            kind,
            list(_cells(inner, grid, styles)),
            grid,
            starts_page="p" in said,
            is_filled="f" in said,
            is_acceptance="m" in said,
            code=unescape(said.get("a", "")),
        )
        if "i" in said:
            name = row.cells[0].block
            row.picture = Picture(
                items[said["i"]], " ".join(name.lines) if isinstance(name, texts.Text) else ""
            )
        if kind == "head":
            head = row
        elif kind == "part":
            head = None
        row.period = head
        found.append(row)
    return found


def cells(html: str, columns: dict[str, Column], styles: Mapping[str, Style]) -> list[texts.Block]:
    """The texts of a header or footer, each on one line of its column."""
    found: list[texts.Block] = []
    for style, column, how, inner in TEXT.findall(html):
        room = columns[column].width
        look, is_right = styles[style], columns[column].is_right
        rtl, by_part = "rtl" in how, "parts" in how
        if not rtl and "<span" not in inner:
            inner = texts.shortened(unescape(inner), look, room, by_part=by_part)
            found.append(texts.Text([inner], look, room, is_right=is_right))
            continue
        found.append(texts.block(inner, style, look, room, is_right=is_right, is_rtl=rtl))
    return found


def _cells(inner: str, grid: Grid, styles: dict[str, Style]) -> Iterator[Cell]:
    for style, name, rtl, text in TEXT.findall(inner):
        column = grid.columns[name]
        if style in (ink.TYPED, ink.DRAWN):
            yield Cell(name, ink.block(style, text, column.width, grid.styles["name"]))
            continue
        made = texts.block(
            text, style, styles[style], column.width, is_right=column.is_right, is_rtl=bool(rtl)
        )
        yield Cell(name, made)


def _figures(grid: Grid) -> dict[str, Style]:
    """The styles of figures, which are smaller where they take too much room."""
    of_lines, of_sums = grid.size, grid.summary_size
    body, name = grid.styles["body"], grid.styles["name"]
    return {
        "figure": body._replace(size=of_lines),
        "figure-bold": name._replace(size=of_lines),
        "sum": body._replace(size=of_sums),
        "sum-bold": name._replace(size=of_sums),
        "sum-due": grid.styles["accent"]._replace(size=of_sums),
    }
