"""The history of the settings in words: who changed which value, when, from what to what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from webapp.services.autotask.settings import category_mapping, tax_mapping
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.changes import Change, changes
from webapp.services.autotask.settings.choices import Choices
from webapp.services.autotask.settings.fields.field import FormField
from webapp.services.autotask.settings.fields.sections import fields_of
from webapp.services.autotask.settings.model import AutotaskSettings
from webapp.services.autotask.settings.section_view import TITLES
from webapp.services.catalog import categories, tax_codes
from webapp.services.core.fields import MAX_ID

PAGE = 20
NOTHING = "not set"
_TAX_LABELS = {"tax_category_id": "tax category", "tax_region_id": "tax region"}


@dataclass(frozen=True)
class ChangeView:
    """One changed value in words."""

    section: str
    field: str
    before: str
    after: str


@dataclass(frozen=True)
class VersionView:
    """One version, and whether it is live."""

    number: int
    saved_at: datetime
    saved_by: str
    is_live: bool
    changes: list[ChangeView]


def versions(choices: Choices, before: int = MAX_ID) -> list[VersionView]:
    """A page of versions with lower numbers than ``before``, newest first, each with its changes."""
    rows = settings_store.history(PAGE + 1, before=before)
    live = settings_store.active().version
    parsed = [AutotaskSettings.model_validate(row.content) for row in rows]
    parsed.append(AutotaskSettings())
    formatter = _ChangeFormatter(choices)
    return [
        VersionView(
            row.number,
            row.saved_at,
            row.saved_by.name if row.saved_by else "",
            row.number == live,
            [formatter.view(change) for change in changes(parsed[place + 1], parsed[place])],
        )
        for place, row in enumerate(rows[:PAGE])
    ]


def pending(choices: Choices) -> list[ChangeView]:
    """The changes that “Save Integration” would make live now."""
    formatter = _ChangeFormatter(choices)
    return [formatter.view(change) for change in changes(settings_store.active(), settings_store.as_saved())]


class _ChangeFormatter:
    """Changes with the names on the page; each list of names is read once, since there may be thousands of changes."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices

    def view(self, change: Change) -> ChangeView:
        label, source = self._name(change)
        before, after = (self._text(change, source, value) for value in (change.before, change.after))
        return ChangeView(TITLES[change.section], label, before, after)

    @cached_property
    def _categories(self) -> dict[int, str]:
        return dict(categories.choices())

    @cached_property
    def _tax_codes(self) -> dict[int, str]:
        return {code.id: code.name for code in tax_codes.everything()}

    @cached_property
    def _fields(self) -> dict[tuple[str, str], FormField]:
        return {(section, item.name): item for section in TITLES for item in fields_of(section)}

    def _name(self, change: Change) -> tuple[str, str]:
        """The field's label, and the source of its choices (empty unless its values are Autotask's)."""
        if change.path[0] == "rules" and len(change.path) == 3:
            _, key, field = change.path
            if change.section == "item_category":
                where = self._categories.get(int(key), f"Deleted category {key}")
                label = category_mapping.LABELS.get(field, field)
                return f"{where}: {label}", category_mapping.SOURCES.get(field, "")
            where = self._tax_codes.get(int(key), f"Deleted tax code {key}")
            return f"{where}: {_TAX_LABELS.get(field, field)}", tax_mapping.SOURCES.get(field, "")
        if change.path == ("default_region_id",):
            return "Default tax region", "tax_regions"
        name = "-".join(change.path)
        item = self._fields.get((change.section, name))
        if item is not None:
            return item.label, item.source
        if change.path[0] == "loss_reasons":
            return "Lost for a deleted reason", "loss_reasons"
        return name, ""

    def _text(self, change: Change, source: str, value: Any) -> str:
        if value is None or value == "":
            return NOTHING
        if isinstance(value, bool):
            return "yes" if value else "no"
        if source and isinstance(value, int):
            return self._choices.label(source, value)
        item = self._fields.get((change.section, "-".join(change.path)))
        return dict(item.options).get(str(value), str(value)) if item else str(value)
