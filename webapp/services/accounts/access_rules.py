"""Settings > Roles: what the company decides about its roles.

``permissions`` applies it, ``changing_rules`` stores it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from webapp.models.account import ADMIN, REP, SALES_MANAGER
from webapp.services.company import app_settings
from webapp.services.core import merge

OWN, TEAM, ALL = "own", "team", "all"
REACHES = {OWN: "Their own quotes", TEAM: "Their team's quotes", ALL: "All quotes"}
# The roles whose discounts can be limited, and their control.
LIMITED = {ADMIN: "discount_admin", SALES_MANAGER: "discount_sales_manager", REP: "discount_rep"}
# The roles that may publish below the minimum margin, if the company says so, and their control. Owners always may.
BELOW = {ADMIN: "below_margin_admin", SALES_MANAGER: "below_margin_sales_manager", REP: "below_margin_rep"}
FLAGS = ("reps_see_cost", "read_only_see_cost", "reps_delete")
CHOICES = ("reps_see", "reps_change", "read_only_see")


@dataclass(frozen=True)
class Rules:
    """``discounts``: the largest discount in percent by role; a role that isn't in it has no limit.

    ``min_margin``: of a line, in percent; None for none. ``kept_above_margin``: the roles that may not go below it.
    """

    reps_see: str
    reps_change: str
    read_only_see: str
    reps_see_cost: bool
    read_only_see_cost: bool
    reps_delete: bool
    discounts: Mapping[str, Decimal]
    min_margin: Decimal | None
    kept_above_margin: frozenset[str]


def current() -> Rules:
    """The rules that apply now."""
    stored, _ = app_settings.get(app_settings.ACCESS)
    return Rules(
        **{name: stored[name] for name in (*CHOICES, *FLAGS)},
        discounts={role: Decimal(stored[name]) for role, name in LIMITED.items() if stored[name]},
        min_margin=Decimal(stored["min_margin"]) if stored["min_margin"] else None,
        kept_above_margin=frozenset(role for role, name in BELOW.items() if not stored[name]),
    )


def shown() -> dict[str, Any]:
    """The rules as the form shows them."""
    return app_settings.get(app_settings.ACCESS)[0]


def seen() -> str:
    """The ``seen`` of the form (``core.merge``)."""
    return merge.seen(shown())
