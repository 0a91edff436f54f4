"""A category's mapping as a sentence: what is set for it, and what it has from the category above."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.services.autotask.settings.category_mapping import SOURCES, CategoryRow
from webapp.services.autotask.settings.choices import Choices

BEFORE = {
    "product_category": "",
    "billing_code_id": "products bill as ",
    "service_billing_code_id": "services bill as ",
    "role_id": "role ",
    "work_type_id": "work type ",
}
FOR_LABOR = ("role_id", "work_type_id")


@dataclass(frozen=True)
class Sentence:
    """``own``: pairs of words and the name of Autotask's value behind them; ``rest``: what is inherited."""

    own: tuple[tuple[str, str], ...]
    rest: str = ""


def of(row: CategoryRow, choices: Choices) -> Sentence:
    """The sentence of a row; without anything set, here or above, it is empty."""
    labor = row.rule.is_labor if row.rule.is_labor is not None else row.above.is_labor
    own = [] if row.rule.is_labor is None else [("labor lines" if row.rule.is_labor else "no labor", "")]
    for name, words in BEFORE.items():
        value = getattr(row.rule, name)
        if value is not None and (labor or name not in FOR_LABOR):
            own.append((words, choices.label(SOURCES[name], value)))
    above = row.category.path.rpartition(" > ")[0]
    inherits = above and any(getattr(row.above, name) is not None for name in (*SOURCES, "is_labor"))
    if not own:
        return Sentence((), f"Same as {above}" if inherits else "")
    return Sentence(tuple(own), f"the rest as {above}" if inherits else "")
