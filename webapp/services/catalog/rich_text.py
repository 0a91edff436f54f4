"""Descriptions: written in Markdown, shown as safe HTML, and as plain text where only text can go. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

TAGS = {
    *("p", "br", "hr", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "em", "strong", "s"),
    *("ul", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
# Lists within lists, and quotes within quotes; what is deeper stays text.
DEEPEST = 8
BULLET = "•"

# HTML is shown as it was typed, and so are images: a remote one would tell its server who reads the page.
_PARSER = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": DEEPEST * 2}).enable(
    ["table", "strikethrough"]
)
_PARSER.disable("image")
# Cells that a table lacks are made up, so a short text could make a page of megabytes.
setattr(import_module("markdown_it.rules_block.table"), "MAX_AUTOCOMPLETED_CELLS", 500)  # noqa: B010  no type has it
_SIGNS = re.compile(r"([\\`*_\[\]<&~|])")
_MARKED = re.compile(r"^(\s*)([#>+=-])")
_NUMBERED = re.compile(r"^(\s*\d{1,9})([.)])", re.ASCII)
_LOWER = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}


def html(markdown: str) -> Markup:
    """The text as HTML that is safe on any page. Its headings stand below those of the page."""
    tokens = _PARSER.parse(markdown)
    for token in tokens:
        token.tag = _LOWER.get(token.tag, token.tag)
    made = _PARSER.renderer.render(tokens, _PARSER.options, {})
    safe = nh3.clean(
        made,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_kept,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(safe)  # noqa: S704  cleaned in the line above


def _kept(_tag: str, name: str, value: str) -> str | None:
    """Addresses without a scheme go: they would lead into the product."""
    return value if name != "href" or value.lower().startswith(tuple(f"{one}:" for one in SCHEMES)) else None


def text(markdown: str) -> str:
    """The plain text: without the marks, lists with bullets or numbers, links with their address."""
    return _Plain().of(_PARSER.parse(markdown))


def escaped(plain: str) -> str:
    """Plain text as Markdown that says the same: ``text`` gives it back."""
    lines = (_SIGNS.sub(r"\\\1", line) for line in plain.split("\n"))
    return "\n".join(_NUMBERED.sub(r"\1\\\2", _MARKED.sub(r"\1\\\2", line)) for line in lines)


class _Plain:
    """Collects the lines of a text while it reads its tokens."""

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._lists: list[int | None] = []
        self._mark = ""
        self._cells: list[str] = []

    def of(self, tokens: Sequence[Token]) -> str:
        """The whole text."""
        for token in tokens:
            self._read(token)
        return "".join(self._blocks).strip("\n")

    def _read(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
                if not self._lists:
                    self._blocks.append("\n")
            case "list_item_open":
                self._mark = self._next_mark()
            case "inline":
                self._words(_inline(token))
            case "fence" | "code_block":
                self._add(token.content.rstrip("\n"))
            case "hr":
                self._add("---")
            case _:
                self._table(token.type)

    def _table(self, kind: str) -> None:
        if kind in ("th_open", "td_open"):
            self._cells.append("")
        elif kind == "tr_close":
            self._add(" | ".join(self._cells), ends="\n")
            self._cells = []
        elif kind == "table_close":
            self._blocks.append("\n")

    def _words(self, words: str) -> None:
        if self._cells:
            self._cells[-1] = words
        else:
            self._add(words)

    def _next_mark(self) -> str:
        number = self._lists[-1]
        if number is None:
            return f"{BULLET} "
        self._lists[-1] = number + 1
        return f"{number}. "

    def _add(self, words: str, ends: str = "") -> None:
        indent = "  " * (len(self._lists) - 1) if self._lists else ""
        below = indent + " " * len(self._mark)
        lines = words.split("\n")
        self._blocks.append(
            "\n".join([f"{indent}{self._mark}{lines[0]}", *(f"{below}{line}" for line in lines[1:])])
        )
        self._blocks.append(ends or ("\n" if self._lists else "\n\n"))
        self._mark = ""


def _inline(token: Token) -> str:
    parts: list[str] = []
    opened: list[tuple[str, int]] = []
    for child in token.children or ():
        if child.type == "link_open":
            opened.append((str(child.attrs.get("href", "")), len(parts)))
        elif child.type == "link_close":
            address, start = opened.pop()
            label = "".join(parts[start:])
            if address not in (label, f"mailto:{label}"):
                parts.append(f" ({address.removeprefix('mailto:')})")
        elif child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        else:
            parts.append(child.content)
    return re.sub(r"[ \t]+\n", "\n", "".join(parts))
