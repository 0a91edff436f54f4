"""Item Category Mapping on the settings page: searching, turning pages and matching by name lose nothing typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.services.autotask.settings import category_mapping
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.choices import Choices
from webapp.services.autotask.settings.model import CategoryRule, ItemCategoryMapping
from webapp.services.autotask.settings.page import SectionView

CATEGORY_SECTION = "item_category"


def category_view(posted: Mapping[str, str], choices: Choices) -> SectionView:
    """The section with what was typed still in it; with ``do=match`` filled by name."""
    draft = settings_store.draft(CATEGORY_SECTION)
    assert isinstance(draft.content, ItemCategoryMapping)  # noqa: S101  the store reads it as such
    content = category_mapping.read_loosely(posted, draft.content)
    matched = None
    if posted.get("do") == "match":
        content, done = category_mapping.match_by_name(content, choices)
        matched = tuple(done)
    unsaved = draft.version == 0 or content != draft.content
    flaws = category_mapping.flaws(content, choices)
    return SectionView(draft, content, {}, unsaved=unsaved, flaws=flaws, matched=matched)


def category_context(view: SectionView, asked: Mapping[str, str]) -> dict[str, Any]:
    """Rows of the page that was asked for, and what was typed in others."""
    assert isinstance(view.content, ItemCategoryMapping)  # noqa: S101  only called for this section
    assert isinstance(view.draft.content, ItemCategoryMapping)  # noqa: S101
    text, unmapped_only = asked.get("q", ""), bool(asked.get("unmapped_only"))
    found = category_mapping.rows(view.content, text, unmapped_only=unmapped_only)
    pages = max(1, -(-len(found) // category_mapping.PAGE))
    page = min(max(1, _page_number(asked)), pages)
    shown = found[(page - 1) * category_mapping.PAGE : page * category_mapping.PAGE]
    on_page = {row.category.id for row in shown}
    return {
        "rows": shown,
        "found": len(found),
        "total": len(category_mapping.rows(view.content)) if text or unmapped_only else len(found),
        "unmapped": category_mapping.unmapped_count(view.content),
        "page": page,
        "pages": pages,
        "q": text,
        "unmapped_only": unmapped_only,
        "carried": _carried(view.content, view.draft.content, on_page),
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
    """Controls, by name, of rows that were changed and are not on the page: hidden in the form until it is saved."""
    carried: dict[str, str] = {}
    empty = CategoryRule()
    for category_id in {*content.rules, *stored.rules} - on_page:
        if content.rules.get(category_id, empty) != stored.rules.get(category_id, empty):
            carried |= category_mapping.controls(content, [category_id])
    return carried
