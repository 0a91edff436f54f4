"""The cost of an item or a line, for people who may not see it: no form shows it, and none can change it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from webapp.models import User
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.core.errors import Invalid

FIELD = "unit_cost"
# What else says something about it.
HIDDEN = (FIELD, "cost_date", "margin", "markup", "price_percent")
# What a sync says of a cost that differs (autotask/push/reconcile.py).
_AMOUNTS = re.compile(r"(\bcost) is -?[\d.]+ in Autotask and -?[\d.]+ here\b")


def shown(actor: User | None, fields: Collection[str]) -> list[str]:
    """Those of ``fields`` that the actor may see."""
    kept = hidden(actor)
    return [name for name in fields if name not in kept]


def hidden(actor: User | None) -> Collection[str]:
    """The fields that the actor may not see."""
    return () if may_see(actor) else HIDDEN


def may_see(actor: User | None) -> bool:
    """True for those who may see costs; None: a command on the server."""
    return actor is None or permissions.may(actor, Permission.SEE_COST)


def said(actor: User | None, text: str) -> str:
    """``text``, sentences of a sync, without the amounts of costs for those who may not see them."""
    return text if may_see(actor) else _AMOUNTS.sub(r"\1 differs", text)


def keep(actor: User | None, values: Mapping[str, object], read: dict[str, Any], stored: Decimal) -> None:
    """Put the ``stored`` cost into what was ``read`` from a form of someone who doesn't see it.

    Raises Forbidden when the form brings a cost all the same, Invalid when a line with a cost would become a credit.
    """
    if may_see(actor) or actor is None:
        return
    if any(name in values for name in HIDDEN):
        permissions.require(actor, Permission.SEE_COST)
    if stored and read["unit_price"] < 0:
        sentence = (
            "A credit has no cost, but this has one that you can't see. Ask a sales manager or an admin."
        )
        raise Invalid("Nothing was saved. Fix the highlighted field.", {"unit_price": sentence})
    read[FIELD] = stored
