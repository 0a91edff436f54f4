"""The history of the settings in words: who, when, what changed from what to what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.models import Category, TaxCode
from webapp.services import records
from webapp.services.autotask import category_mapping, settings_store, tax_mapping
from webapp.services.autotask.changes import Change, changes
from webapp.services.autotask.choices import Choices
from webapp.services.autotask.section_forms import fields_of
from webapp.services.autotask.settings import AutotaskSettings
from webapp.services.autotask.settings_page import TITLES
from webapp.services.fields import MAX_ID

PAGE = 20
NOTHING = "not set"
_TAX_LABELS = {"tax_category_id": "tax category", "tax_region_id": "tax region"}


@dataclass(frozen=True)
class Line:
    """One changed value in words."""

    section: str
    field: str
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    """One version. ``counts``: it is the newest."""

    number: int
    saved_at: datetime
    saved_by: str
    counts: bool
    lines: list[Line]


def entries(choices: Choices, before: int = MAX_ID) -> list[Entry]:
    """A page of versions of lower numbers than ``before``, newest first, each with what it changed."""
    rows = settings_store.history(PAGE + 1, before=before)
    counting = settings_store.active().version
    parsed = [AutotaskSettings.model_validate(row.content) for row in rows]
    parsed.append(AutotaskSettings())
    return [
        Entry(
            row.number,
            row.saved_at,
            row.saved_by.name if row.saved_by else "",
            row.number == counting,
            [in_words(change, choices) for change in changes(parsed[place + 1], parsed[place])],
        )
        for place, row in enumerate(rows[:PAGE])
    ]


def waiting(choices: Choices) -> list[Line]:
    """What “Save Integration” would change now."""
    found = changes(settings_store.active(), settings_store.as_saved())
    return [in_words(change, choices) for change in found]


def in_words(change: Change, choices: Choices) -> Line:
    """A change with the names that the page uses."""
    label, source = _name(change)
    before, after = (_text(change, source, value, choices) for value in (change.before, change.after))
    return Line(TITLES[change.section], label, before, after)


def _name(change: Change) -> tuple[str, str]:
    """The field's label, and the source of its choices (empty when its values are not Autotask's)."""
    if change.path[0] == "rules" and len(change.path) == 3:
        _, key, field = change.path
        if change.section == "item_category":
            category = records.find(Category, int(key))
            where = category.path if category else f"category {key}, deleted since"
            label = category_mapping.LABELS.get(field, field)
            return f"{where}: {label}", category_mapping.SOURCES.get(field, "")
        code = records.find(TaxCode, int(key))
        where = code.name if code else f"tax code {key}, deleted since"
        return f"{where}: {_TAX_LABELS.get(field, field)}", tax_mapping.SOURCES.get(field, "")
    if change.path == ("default_region_id",):
        return "Tax region of quotes", "tax_regions"
    name = "-".join(change.path)
    for item in fields_of(change.section):
        if item.name == name:
            return item.label, item.source
    if change.path[0] == "loss_reasons":
        return "Lost for a reason that was removed since", "loss_reasons"
    return name, ""


def _text(change: Change, source: str, value: Any, choices: Choices) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if source and isinstance(value, int):
        return choices.label(source, value)
    for item in fields_of(change.section):
        if item.name == "-".join(change.path):
            return dict(item.options).get(str(value), str(value))
    return str(value)
