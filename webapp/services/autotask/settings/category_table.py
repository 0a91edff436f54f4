"""The table of Item Category Mapping: every category as a sentence, and those that are edited as fields.

Searching, opening and closing rows and matching by name keep everything typed: a changed row that is closed carries
its changes hidden, and those of rows that aren't shown stand below the table. Each row that sends values says with
``seen`` what it was opened with (``core.merge``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from webapp.services.autotask.settings import category_mapping, category_words
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.category_mapping import CategoryRow
from webapp.services.autotask.settings.category_words import Sentence
from webapp.services.autotask.settings.choices import Choices
from webapp.services.autotask.settings.model import CategoryRule, ItemCategoryMapping
from webapp.services.autotask.settings.section_view import SectionView
from webapp.services.core import merge
from webapp.services.core.fields import parse_id

SECTION = "item_category"
# As many rows with a value that Autotask lost are open from the start.
FLAWED_OPEN = 5
# What a button of a row does, in front of the id of its category.
BUTTONS = EDIT, CANCEL, DONE, USE = "edit-", "cancel-", "done-", "use-"


@dataclass(frozen=True)
class Line:
    """One category as it is shown. ``carried``: what a closed row sends; ``suggestion``: the match by its name."""

    row: CategoryRow
    sentence: Sentence
    is_open: bool
    is_changed: bool
    carried: dict[str, str]
    seen: str
    suggestion: str = ""


def acting_on(asked: Mapping[str, str], *buttons: str) -> int | None:
    """The category whose button was pressed, if it was one of ``buttons``."""
    do = asked.get("do", "")
    return next((parse_id(do.removeprefix(one)) for one in buttons if do.startswith(one)), None)


def redrawn(posted: Mapping[str, str], choices: Choices) -> SectionView:
    """The section with everything typed in it; with ``do=match``, categories are filled by name."""
    draft = settings_store.draft(SECTION)
    stored = ItemCategoryMapping.model_validate(draft.content)
    canceled, used = acting_on(posted, CANCEL), acting_on(posted, USE)
    kept = {name: text for name, text in posted.items() if not name.startswith(f"rule-{canceled}-")}
    content = category_mapping.read_loosely(kept, stored)
    matched = None
    if posted.get("do") == "match":
        content, done = category_mapping.match_by_name(content, choices)
        matched = tuple(done)
    elif used is not None:
        filled, _ = category_mapping.match_by_name(content, choices)
        rule = filled.rules.get(used, CategoryRule())
        content = ItemCategoryMapping(rules={**content.rules, used: rule})
    unsaved = draft.version == 0 or content != stored
    flaws = category_mapping.flaws(content, choices)
    return SectionView(draft, content, {}, unsaved=unsaved, flaws=flaws, matched=matched)


def page(view: SectionView, asked: Mapping[str, str], choices: Choices) -> dict[str, Any]:
    """The rows on the page that ``asked`` names, in groups, and what was typed in rows that aren't shown.

    A row whose button was pressed is shown even if it no longer fits the search.
    """
    content = ItemCategoryMapping.model_validate(view.content)
    stored = ItemCategoryMapping.model_validate(view.draft.content)
    text, unmapped_only = asked.get("q", ""), bool(asked.get("unmapped_only"))
    kept = touched(asked) if acting_on(asked, *BUTTONS) is not None else set()
    fitting = category_mapping.rows(content, text, unmapped_only=unmapped_only, kept=kept)
    pages = max(1, -(-len(fitting) // category_mapping.PAGE))
    number = min(max(1, _page_number(asked)), pages)
    rows = fitting[(number - 1) * category_mapping.PAGE : number * category_mapping.PAGE]
    on_page = {row.category.id for row in rows}
    elsewhere = {
        name: text for name, text in _changes(content, stored).items() if _category(name) not in on_page
    }
    lines = _lines(rows, view, asked, choices)
    groups = [list(group) for _, group in groupby(lines, key=group_of)]
    return {
        "seen": _seen(asked, elsewhere, stored),
        "groups": groups,
        "found": len(fitting),
        "total": len(category_mapping.rows(content)) if text or unmapped_only else len(fitting),
        "unmapped": category_mapping.unmapped_count(content),
        "page": number,
        "pages": pages,
        "q": text,
        "unmapped_only": unmapped_only,
        "carried": elsewhere,
        "sources": category_mapping.SOURCES,
        "labels": category_mapping.LABELS,
        "edited": acting_on(asked, EDIT),
        "closed": acting_on(asked, CANCEL, DONE, USE),
    }


def group_of(line: Line) -> int:
    """The id of the category at the top of the line's group."""
    return line.row.category.parent_id or line.row.category.id


def touched(asked: Mapping[str, str]) -> set[int]:
    """The categories whose rows change with the button that was pressed: its own, and the one that was open."""
    ids = (acting_on(asked, *BUTTONS), parse_id(asked.get("open", "")))
    return {category_id for category_id in ids if category_id is not None}


def _lines(
    rows: list[CategoryRow], view: SectionView, asked: Mapping[str, str], choices: Choices
) -> list[Line]:
    content = ItemCategoryMapping.model_validate(view.content)
    stored = ItemCategoryMapping.model_validate(view.draft.content)
    opened = _open(view, asked)
    changes: dict[int, dict[str, str]] = {}
    for name, text in _changes(content, stored).items():
        changes.setdefault(_category(name), {})[name] = text
    by_name = {} if all(row.mapped for row in rows) else category_mapping.suggestions(content, choices)
    lines = []
    for row in rows:
        category_id = row.category.id
        is_open, carried = category_id in opened, changes.get(category_id, {})
        sends = category_mapping.controls(stored, [category_id]) if is_open else carried
        lines.append(
            Line(
                row,
                category_words.of(row, choices),
                is_open,
                bool(carried) and view.draft.version > 0,
                {} if is_open else carried,
                _seen(asked, sends, stored) if sends else "",
                "" if row.mapped else by_name.get(category_id, ""),
            )
        )
    return lines


def _open(view: SectionView, asked: Mapping[str, str]) -> set[int]:
    """The rows with fields: the one that is edited, and those with something to fix."""
    flawed = list(dict.fromkeys(_category(name) for name in view.flaws))[:FLAWED_OPEN]
    wrong = {_category(name) for name in (*view.errors, *view.saved_values) if name.startswith("rule-")}
    edited = acting_on(asked, EDIT)
    if edited is None and (asked.get("do") == "redraw" or (view.unsaved and not asked.get("do"))):
        edited = parse_id(asked.get("open", ""))
    closed = acting_on(asked, CANCEL, DONE)
    return ({*flawed, *wrong} | ({edited} if edited is not None else set())) - {closed}


def _changes(content: ItemCategoryMapping, stored: ItemCategoryMapping) -> dict[str, str]:
    """Each control whose text isn't the stored one."""
    empty = CategoryRule()
    changed = [
        category_id
        for category_id in {*content.rules, *stored.rules}
        if content.rules.get(category_id, empty) != stored.rules.get(category_id, empty)
    ]
    before = category_mapping.controls(stored, changed)
    after = category_mapping.controls(content, changed)
    return {name: text for name, text in after.items() if text != before[name]}


def _seen(asked: Mapping[str, str], names: Mapping[str, str], stored: ItemCategoryMapping) -> str:
    """With what the controls of these names were opened, or else are opened now."""
    known = category_mapping.controls(stored, {_category(name) for name in names})
    shown = {name: known[name] for name in names}
    return merge.still(asked.get("seen", ""), set(asked) & set(shown), shown)


def _category(name: str) -> int:
    return int(name.split("-")[1])


def _page_number(asked: Mapping[str, str]) -> int:
    turned = asked.get("do", "").removeprefix("page-")
    text = turned if turned.isascii() and turned.isdecimal() else asked.get("page", "1")
    if asked.get("do") in ("search", "match"):
        return 1
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 1
