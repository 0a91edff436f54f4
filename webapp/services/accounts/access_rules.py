"""Settings > Roles: what the company decides about its roles. ``permissions`` applies it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from webapp.models import AppSetting, User, db
from webapp.models.account import ADMIN, REP, SALES_MANAGER
from webapp.services.company import app_settings, place
from webapp.services.core import formatting, merge, work
from webapp.services.core.fields import Reader

OWN, TEAM, ALL = "own", "team", "all"
REACHES = {OWN: "Their own quotes", TEAM: "Their team's quotes", ALL: "All quotes"}
# The roles whose discounts can be limited, and their control.
LIMITED = {ADMIN: "discount_admin", SALES_MANAGER: "discount_sales_manager", REP: "discount_rep"}
FLAGS = ("reps_see_cost", "read_only_see_cost", "reps_delete")
KEPT = "access_rules"
CHOICES = ("reps_see", "reps_change", "read_only_see")


@dataclass(frozen=True)
class Rules:
    """``discounts``: the largest discount in percent by role; a role that isn't in it has no limit."""

    reps_see: str
    reps_change: str
    read_only_see: str
    reps_see_cost: bool
    read_only_see_cost: bool
    reps_delete: bool
    discounts: Mapping[str, Decimal]


def current() -> Rules:
    """The rules that apply now. A page asks for them a hundred times, and a transaction reads them once.

    The session keeps the row alive, and expires it like any other; without a row, it keeps the transaction that found
    none.
    """
    session = db.session()
    kept = session.info.get(KEPT)
    if kept is None or kept is not session.get_transaction():
        kept = session.get(AppSetting, app_settings.ACCESS) or session.get_transaction()
        session.info[KEPT] = kept
    own = kept.value if isinstance(kept, AppSetting) else {}
    stored = {**app_settings.DEFAULTS[app_settings.ACCESS], **own}
    return Rules(
        **{name: stored[name] for name in (*CHOICES, *FLAGS)},
        discounts={role: Decimal(stored[name]) for role, name in LIMITED.items() if stored[name]},
    )


def shown() -> dict[str, Any]:
    """The rules as the form shows them."""
    return app_settings.get(app_settings.ACCESS)[0]


def seen() -> str:
    """The ``seen`` of the form (``core.merge``)."""
    return merge.seen(shown())


@work.command
def save(actor: User | None, values: Mapping[str, object]) -> None:
    """Store the rules. Raises Invalid with a sentence by field, or Conflict where another admin changed the same."""
    reader = Reader(values, place.of_company())
    before = shown()
    entered: dict[str, Any] = {name: reader.choice(name, REACHES, before[name]) for name in CHOICES}
    if list(REACHES).index(entered["reps_change"]) > list(REACHES).index(entered["reps_see"]):
        reader.fail("reps_change", "Reps can't change quotes that they can't see. Let them see as many.")
    entered |= {name: reader.flag(name) for name in FLAGS}
    for name in LIMITED.values():
        if not reader.raw(name):
            entered[name] = ""
            continue
        limit = reader.decimal(name, default=Decimal(0), maximum=Decimal(100))
        entered[name] = formatting.plain(limit)
    reader.check("The rules weren't saved. Fix the highlighted fields.")
    key = app_settings.ACCESS
    fields, document, version = app_settings.merged(key, actor, values, entered)
    app_settings.put(key, {**document, **fields}, version, actor)
    db.session.info.pop(KEPT, None)
