"""Autotask's picklist values for our words, with a problem where the connected Autotask has none. Pure."""

from __future__ import annotations

from webapp.models.catalog import ONE_TIME
from webapp.services.autotask.wanted.context import Context, Notes
from webapp.services.autotask.wanted.desired import PERIOD_WORDS


def item_type(context: Context, notes: Notes, kind: str) -> int | None:
    """The quote item type of a kind of line."""
    value = context.facts.item_types.get(kind)
    if value is None:
        notes.problem(
            f"Your Autotask has no active quote item type for a {kind.replace('_', ' ')}.",
            "autotask",
            "quoteItemType",
        )
    return value


def period_type(context: Context, notes: Notes, entity: str, recurrence: str) -> int | None:
    """The period type of a recurrence; one-time may have none."""
    value = context.facts.periods.get(entity, {}).get(recurrence)
    if value is None and recurrence != ONE_TIME:
        notes.problem(
            f"Your Autotask has no {PERIOD_WORDS[recurrence]} period for {entity}.",
            "autotask",
            "periodType",
        )
    return value
