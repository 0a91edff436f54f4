"""Item Category Mapping: its rows, the values entered in them, and matching by name.

The form holds only some rows (a page, or the results of a search); the rules of all other rows stay.
Names of controls: ``rule-<category id>-<field of CategoryRule>``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from webapp.models import Category, db
from webapp.services.autotask.connection.metadata import Choice
from webapp.services.autotask.settings.choices import Choices
from webapp.services.autotask.settings.model import CategoryRule, ItemCategoryMapping
from webapp.services.autotask.settings.section_forms import NOT_SAVED, remote_value
from webapp.services.core.fields import Reader, parse_id, words

PAGE = 1000
SOURCES = {
    "product_category": "product_categories",
    "billing_code_id": "product_codes",
    "service_billing_code_id": "service_codes",
    "role_id": "roles",
    "work_type_id": "work_types",
}
LABELS = {
    "product_category": "Autotask product category",
    "billing_code_id": "Product billing code",
    "service_billing_code_id": "Service billing code",
    "is_labor": "Labor",
    "role_id": "Labor role",
    "work_type_id": "Labor work type",
}
_LABOR = {"yes": True, "no": False, "": None}
_LABOR_TEXT = {True: "yes", False: "no", None: ""}


@dataclass(frozen=True)
class CategoryNode:
    """The parts of a category that the mapping needs; hundreds of them are read often."""

    id: int
    name: str
    parent_id: int | None
    path: str


@dataclass(frozen=True)
class CategoryRow:
    """A category with its rule and the rule of its parent category (empty when it has none)."""

    category: CategoryNode
    rule: CategoryRule
    above: CategoryRule

    @property
    def labor(self) -> str:
        """The value of the Labor control."""
        return labor_text(self.rule)

    @property
    def mapped(self) -> bool:
        """True when its own rule or its parent's maps it to something."""
        return _maps(self.rule) or _maps(self.above)


def rows(
    content: ItemCategoryMapping,
    text: str = "",
    *,
    unmapped_only: bool = False,
    kept: Collection[int] = (),
) -> list[CategoryRow]:
    """Every category in the order of the tree, or only ``kept`` and those whose path has every word of ``text``."""
    sought = [word.casefold() for word in words(text)]
    result = []
    for category in _in_order():
        path = category.path.casefold()
        if category.id in kept or all(word in path for word in sought):
            above = content.rules.get(category.parent_id or 0, CategoryRule())
            row = CategoryRow(category, content.rules.get(category.id, CategoryRule()), above)
            if category.id in kept or not (unmapped_only and row.mapped):
                result.append(row)
    return result


def unmapped_count(content: ItemCategoryMapping) -> int:
    """How many categories are mapped to nothing."""
    return len(rows(content, unmapped_only=True))


def parse(posted: Mapping[str, str], choices: Choices, stored: ItemCategoryMapping) -> ItemCategoryMapping:
    """``stored`` with the entered rows. Rules of deleted categories are dropped.

    Raises Invalid with sentences by control.
    """
    reader = Reader(posted)
    rules = dict(stored.rules)
    for category_id in posted_ids(posted):
        before = rules.get(category_id, CategoryRule())
        rules[category_id] = _rule(reader, category_id, choices, before)
    reader.check(NOT_SAVED)
    return _tidy(rules)


def read_loosely(posted: Mapping[str, str], stored: ItemCategoryMapping) -> ItemCategoryMapping:
    """Like ``parse``, unchecked: for showing a form again with everything entered in it."""
    rules = dict(stored.rules)
    for category_id in posted_ids(posted):
        entered: dict[str, int | bool | None] = {
            name: _whole(posted[f"rule-{category_id}-{name}"])
            for name in SOURCES
            if f"rule-{category_id}-{name}" in posted
        }
        if f"rule-{category_id}-is_labor" in posted:
            entered["is_labor"] = _LABOR.get(posted[f"rule-{category_id}-is_labor"])
        rules[category_id] = rules.get(category_id, CategoryRule()).model_copy(update=entered)
    return _tidy(rules)


def posted_ids(posted: Iterable[str]) -> list[int]:
    """The categories that the form has a row for."""
    ids = (
        parse_id(name.split("-")[1]) for name in posted if name.startswith("rule-") and name.count("-") == 2
    )
    return list(dict.fromkeys(category_id for category_id in ids if category_id is not None))


def deleted_count(posted: Iterable[str]) -> int:
    """How many rows of the form belong to categories that were deleted after it was opened."""
    present = {category.id for category in _in_order()}
    return sum(category_id not in present for category_id in posted_ids(posted))


def match_by_name(
    content: ItemCategoryMapping, choices: Choices
) -> tuple[ItemCategoryMapping, list[tuple[str, str]]]:
    """Fill unset product categories by name; returns the filled mapping and the new pairs (our path, their label).

    A subcategory is matched by its full path first, then by its own name if Autotask has that name only once.
    """
    offered = [choice for choice in choices.of("product_categories") if choice.is_active]
    by_path = {_key(choice.label): choice for choice in reversed(offered)}
    names = Counter(_own_name(choice) for choice in offered)
    by_name = {_own_name(choice): choice for choice in offered if names[_own_name(choice)] == 1}
    rules, done = dict(content.rules), []
    for category in _in_order():
        rule = rules.get(category.id, CategoryRule())
        match = by_path.get(_key(category.path)) or by_name.get(_key(category.name))
        if rule.product_category is None and match is not None:
            rules[category.id] = rule.model_copy(update={"product_category": match.value})
            done.append((category.path, match.label))
    return _tidy(rules), done


def suggestions(content: ItemCategoryMapping, choices: Choices) -> dict[int, str]:
    """The product category that ``match_by_name`` would set, in words, by category."""
    filled, _ = match_by_name(content, choices)
    source = SOURCES["product_category"]
    return {
        key: choices.label(source, rule.product_category)
        for key, rule in filled.rules.items()
        if rule.product_category is not None and rule != content.rules.get(key)
    }


def labor_text(rule: CategoryRule) -> str:
    """The value of the Labor control: ``yes``, ``no``, or empty to inherit."""
    return _LABOR_TEXT[rule.is_labor]


def controls(content: ItemCategoryMapping, category_ids: Iterable[int]) -> dict[str, str]:
    """The text of every control of these categories."""
    texts = {}
    for category_id in category_ids:
        rule = content.rules.get(category_id, CategoryRule())
        for name in SOURCES:
            value = getattr(rule, name)
            texts[f"rule-{category_id}-{name}"] = "" if value is None else str(value)
        texts[f"rule-{category_id}-is_labor"] = labor_text(rule)
    return texts


def flaws(content: ItemCategoryMapping, choices: Choices) -> dict[str, str]:
    """A sentence for each stored value that Autotask no longer has or uses, by control.

    A rule of a deleted category does no harm: the next save drops it.
    """
    paths = {category.id: category.path for category in _in_order()}
    sentences = {}
    for category_id, rule in content.rules.items():
        for name, source in SOURCES.items() if category_id in paths else ():
            sentence = choices.flaw(source, getattr(rule, name))
            if sentence:
                sentences[f"rule-{category_id}-{name}"] = f"{paths[category_id]}: {sentence}"
    return sentences


def _rule(reader: Reader, category_id: int, choices: Choices, before: CategoryRule) -> CategoryRule:
    """What was entered for one category; controls that did not arrive keep their value."""
    name = f"rule-{category_id}-"
    labor = reader.choice(f"{name}is_labor", list(_LABOR), "") if reader.has(f"{name}is_labor") else None
    numbers = {
        field: remote_value(reader, name + field, source, choices, getattr(before, field))
        for field, source in SOURCES.items()
        if reader.has(name + field)
    }
    entered = numbers if labor is None else {**numbers, "is_labor": _LABOR[labor]}
    return before.model_copy(update=entered)


def _tidy(rules: Mapping[int, CategoryRule]) -> ItemCategoryMapping:
    present = {category.id for category in _in_order()}
    empty = CategoryRule()
    return ItemCategoryMapping(
        rules={key: rule for key, rule in rules.items() if key in present and rule != empty}
    )


def _maps(rule: CategoryRule) -> bool:
    return (
        rule.product_category is not None
        or rule.billing_code_id is not None
        or rule.service_billing_code_id is not None
        or rule.is_labor is not None
    )


def _in_order() -> list[CategoryNode]:
    """Every category by name, each followed by its subcategories."""
    query = db.select(Category.id, Category.name, Category.parent_id).order_by(Category.name)
    tops: list[CategoryNode] = []
    below: dict[int, list[tuple[int, str]]] = {}
    for category_id, name, parent_id in db.session.execute(query):
        if parent_id is None:
            tops.append(CategoryNode(category_id, name, None, name))
        else:
            below.setdefault(parent_id, []).append((category_id, name))
    ordered = []
    for top in tops:
        ordered.append(top)
        ordered += [
            CategoryNode(key, name, top.id, f"{top.name} > {name}") for key, name in below.get(top.id, ())
        ]
    return ordered


def _own_name(choice: Choice) -> str:
    return _key(choice.label.rpartition(" > ")[2])


def _key(text: str) -> str:
    return " ".join(text.casefold().split())


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else None
