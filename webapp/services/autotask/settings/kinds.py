"""The three kinds of sections: fields, categories and tax codes. A new section is one more entry in ``KINDS``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from webapp.models import User
from webapp.services.autotask.settings import (
    category_mapping,
    category_table,
    examples,
    section_forms,
    tax_mapping,
)
from webapp.services.autotask.settings.choices import Choices
from webapp.services.autotask.settings.fields.quote_status import STATUS_LABELS, STATUSES
from webapp.services.autotask.settings.fields.sections import FIELDS, fields_of
from webapp.services.autotask.settings.fields.user_defined import is_user_defined
from webapp.services.autotask.settings.model import ItemCategoryMapping, Section, TaxCodeMapping
from webapp.services.autotask.settings.section_view import SectionView
from webapp.services.core.runtime import Runtime

S = TypeVar("S", bound=Section)


class SectionKind(ABC, Generic[S]):
    """What the settings page asks of every section. The defaults fit a section that is a plain form."""

    # “Save Integration” goes ahead even if the section was never saved.
    optional = False

    @abstractmethod
    def parse(self, posted: Mapping[str, str], choices: Choices, stored: S) -> S:
        """What was entered. Raises Invalid with sentences by control."""

    def read_loosely(self, posted: Mapping[str, str], stored: S) -> S:
        """What was entered, unchecked, as far as the form is drawn from the content and not from its controls."""
        return stored

    @abstractmethod
    def controls(self, content: S, posted: Mapping[str, str] | None = None) -> dict[str, str]:
        """The text of every control. ``posted``: the form, for a section whose form holds only some of its rows."""

    @abstractmethod
    def flaws(self, content: S, choices: Choices) -> dict[str, str]:
        """A sentence for each stored value that Autotask no longer has or uses, by control."""

    def gaps(self, content: S) -> list[str]:
        """A sentence for each required value that is missing."""
        return []

    def suggest(self, content: S, choices: Choices, actor: User) -> S | None:
        """``content`` with suggestions from Autotask, for a section that was never saved; None: it has none."""
        return None

    def unmapped(self, content: S, choices: Choices, *, saved: bool) -> int:
        """How many of our records are mapped to nothing."""
        return 0

    def left_out(self, posted: Mapping[str, str]) -> str:
        """A sentence about rows that could not be saved, since their records were deleted."""
        return ""

    @abstractmethod
    def details(self, view: SectionView, asked: Mapping[str, str], runtime: Runtime) -> dict[str, Any]:
        """What the section's template needs besides its view. ``asked``: the request's values."""


class FieldSection(SectionKind[Section]):
    """A section with a fixed list of fields."""

    def __init__(self, name: str) -> None:
        self.name = name

    def parse(self, posted: Mapping[str, str], choices: Choices, stored: Section) -> Section:
        return section_forms.parse(self.name, posted, choices, stored)

    def controls(self, content: Section, posted: Mapping[str, str] | None = None) -> dict[str, str]:
        return section_forms.values(self.name, content)

    def flaws(self, content: Section, choices: Choices) -> dict[str, str]:
        return section_forms.flaws(self.name, content, choices)

    def gaps(self, content: Section) -> list[str]:
        return section_forms.gaps(self.name, content)

    def suggest(self, content: Section, choices: Choices, actor: User) -> Section:
        return section_forms.suggest(self.name, content, choices, actor)

    def details(self, view: SectionView, asked: Mapping[str, str], runtime: Runtime) -> dict[str, Any]:
        fields = {item.name: item for item in fields_of(self.name)}
        return {
            "fields": fields,
            "examples": {
                name: examples.of_pattern(runtime, name, view.values.get(name, ""))
                for name, item in fields.items()
                if item.pattern
            },
            "user_defined": [item for item in fields.values() if is_user_defined(item.name)],
            "statuses": STATUSES,
            "status_labels": STATUS_LABELS,
        }


class CategorySection(SectionKind[ItemCategoryMapping]):
    """Item Category Mapping. Its form holds what is edited or changed, and is drawn from the content."""

    optional = True

    def parse(
        self, posted: Mapping[str, str], choices: Choices, stored: ItemCategoryMapping
    ) -> ItemCategoryMapping:
        return category_mapping.parse(posted, choices, stored)

    def read_loosely(self, posted: Mapping[str, str], stored: ItemCategoryMapping) -> ItemCategoryMapping:
        return category_mapping.read_loosely(posted, stored)

    def controls(
        self, content: ItemCategoryMapping, posted: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        return category_mapping.controls(content, category_mapping.posted_ids(posted or {}))

    def flaws(self, content: ItemCategoryMapping, choices: Choices) -> dict[str, str]:
        return category_mapping.flaws(content, choices)

    def suggest(self, content: ItemCategoryMapping, choices: Choices, actor: User) -> ItemCategoryMapping:
        return category_mapping.match_by_name(content, choices)[0]

    def unmapped(self, content: ItemCategoryMapping, choices: Choices, *, saved: bool) -> int:
        shown = content if saved else category_mapping.match_by_name(content, choices)[0]
        return category_mapping.unmapped_count(shown)

    def left_out(self, posted: Mapping[str, str]) -> str:
        return _left_out(category_mapping.deleted_count(posted), "category", "categories")

    def details(self, view: SectionView, asked: Mapping[str, str], runtime: Runtime) -> dict[str, Any]:
        return category_table.page(view, asked, Choices(runtime))


class TaxSection(SectionKind[TaxCodeMapping]):
    """Tax Code Mapping. It has a page of its own; an installation without taxes never needs it."""

    optional = True

    def parse(self, posted: Mapping[str, str], choices: Choices, stored: TaxCodeMapping) -> TaxCodeMapping:
        return tax_mapping.parse(posted, choices, stored)

    def controls(self, content: TaxCodeMapping, posted: Mapping[str, str] | None = None) -> dict[str, str]:
        return tax_mapping.controls(content)

    def flaws(self, content: TaxCodeMapping, choices: Choices) -> dict[str, str]:
        return tax_mapping.flaws(content, choices)

    def unmapped(self, content: TaxCodeMapping, choices: Choices, *, saved: bool) -> int:
        return tax_mapping.unmapped_count(content)

    def left_out(self, posted: Mapping[str, str]) -> str:
        return _left_out(tax_mapping.deleted_count(posted), "tax code", "tax codes")

    def details(self, view: SectionView, asked: Mapping[str, str], runtime: Runtime) -> dict[str, Any]:
        content = TaxCodeMapping.model_validate(view.content)
        return {
            "rows": tax_mapping.rows(content, tax_mapping.taxes(runtime)),
            "unmapped": tax_mapping.unmapped_count(content),
        }


def _left_out(count: int, singular: str, plural: str) -> str:
    if not count:
        return ""
    which = f"A {singular} was" if count == 1 else f"{count} {plural} were"
    return f"{which} deleted while you were editing and left out. Everything else was saved."


KINDS: dict[str, SectionKind[Any]] = {
    **{name: FieldSection(name) for name in FIELDS},
    "item_category": CategorySection(),
    "tax_code": TaxSection(),
}
