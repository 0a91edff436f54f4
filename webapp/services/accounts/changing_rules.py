"""Settings > Roles, stored. Apart from ``access_rules``, which the permissions follow, and which it needs itself."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from webapp.models import User
from webapp.services.accounts import access_rules, permissions
from webapp.services.accounts.access_rules import BELOW, CHOICES, FLAGS, LIMITED, REACHES
from webapp.services.accounts.permissions import Permission
from webapp.services.company import app_settings, place
from webapp.services.core import formatting, work
from webapp.services.core.fields import Reader


@work.command
def save(actor: User | None, values: Mapping[str, object]) -> None:
    """Store the rules. Raises Invalid with a sentence by field, or Conflict where another admin changed the same."""
    permissions.require_now(actor, Permission.ADMINISTER)
    reader = Reader(values, place.of_company())
    before = access_rules.shown()
    entered: dict[str, Any] = {name: reader.choice(name, REACHES, before[name]) for name in CHOICES}
    if list(REACHES).index(entered["reps_change"]) > list(REACHES).index(entered["reps_see"]):
        reader.fail("reps_change", "Reps can't change quotes that they can't see. Let them see as many.")
    entered |= {name: reader.flag(name) for name in FLAGS}
    entered |= {name: reader.flag(name) for name in BELOW.values()}
    for name, highest in {**dict.fromkeys(LIMITED.values(), Decimal(100)), "min_margin": Decimal(99)}.items():
        if not reader.raw(name):
            entered[name] = ""
            continue
        limit = reader.decimal(name, default=Decimal(0), maximum=highest)
        entered[name] = formatting.plain(limit)
    reader.check("The rules weren't saved. Fix the highlighted fields.")
    key = app_settings.ACCESS
    fields, document, version = app_settings.merged(key, actor, values, entered)
    app_settings.put(key, {**document, **fields}, version, actor)
