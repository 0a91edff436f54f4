"""The table of Item Category Mapping: searching, turning pages and matching by name keep everything typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.services.autotask.settings import category_mapping
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.choices import Choices
from webapp.services.autotask.settings.model import CategoryRule, ItemCategoryMapping
from webapp.services.autotask.settings.section_view import SectionView
from webapp.services.core import merge

SECTION = "item_category"


def redrawn(posted: Mapping[str, str], choices: Choices) -> SectionView:
    """The section with everything typed in it; with ``do=match``, categories are filled by name."""
    draft = settings_store.draft(SECTION)
    stored = ItemCategoryMapping.model_validate(draft.content)
    content = category_mapping.read_loosely(posted, stored)
    matched = None
    if posted.get("do") == "match":
        content, done = category_mapping.match_by_name(content, choices)
        matched = tuple(done)
    unsaved = draft.version == 0 or content != stored
    flaws = category_mapping.flaws(content, choices)
    return SectionView(draft, content, {}, unsaved=unsaved, flaws=flaws, matched=matched)


def page(view: SectionView, asked: Mapping[str, str]) -> dict[str, Any]:
    """The rows on the page that ``asked`` names, and what was typed on other pages."""
    content = ItemCategoryMapping.model_validate(view.content)
    stored = ItemCategoryMapping.model_validate(view.draft.content)
    text, unmapped_only = asked.get("q", ""), bool(asked.get("unmapped_only"))
    fitting = category_mapping.rows(content, text, unmapped_only=unmapped_only)
    pages = max(1, -(-len(fitting) // category_mapping.PAGE))
    number = min(max(1, _page_number(asked)), pages)
    rows = fitting[(number - 1) * category_mapping.PAGE : number * category_mapping.PAGE]
    on_page = {row.category.id for row in rows}
    carried = _carried(content, stored, on_page)
    in_form = category_mapping.controls(stored, [*on_page, *category_mapping.posted_ids(carried)])
    return {
        "seen": merge.still(asked.get("seen", ""), set(asked) & set(in_form), in_form),
        "rows": rows,
        "found": len(fitting),
        "total": len(category_mapping.rows(content)) if text or unmapped_only else len(fitting),
        "unmapped": category_mapping.unmapped_count(content),
        "page": number,
        "pages": pages,
        "q": text,
        "unmapped_only": unmapped_only,
        "carried": carried,
        "sources": category_mapping.SOURCES,
        "labels": category_mapping.LABELS,
    }


def _page_number(asked: Mapping[str, str]) -> int:
    turned = asked.get("do", "").removeprefix("page-")
    text = turned if turned.isascii() and turned.isdecimal() else asked.get("page", "1")
    if asked.get("do") in ("search", "match"):
        return 1
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 1


def _carried(content: ItemCategoryMapping, stored: ItemCategoryMapping, on_page: set[int]) -> dict[str, str]:
    """The controls of changed rows on other pages, by name; the form carries them hidden until it is saved."""
    carried: dict[str, str] = {}
    empty = CategoryRule()
    for category_id in {*content.rules, *stored.rules} - on_page:
        if content.rules.get(category_id, empty) != stored.rules.get(category_id, empty):
            carried |= category_mapping.controls(content, [category_id])
    return carried
