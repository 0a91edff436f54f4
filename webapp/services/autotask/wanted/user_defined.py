"""Autotask's user-defined fields of new records, from the settings. Pure."""

from __future__ import annotations

from webapp.services.autotask.api.values import USER_DEFINED
from webapp.services.autotask.settings import patterns
from webapp.services.autotask.settings.model import UserDefined, udf_name
from webapp.services.autotask.wanted.context import Context


def fields(context: Context, chosen: UserDefined) -> dict[str, str]:
    """The fields with a value, by the name that the client sends them under."""
    found = {
        f"{USER_DEFINED}{udf_name(key)}": patterns.filled(pattern, context.frozen)
        for key, pattern in chosen.items()
    }
    return {name: value for name, value in found.items() if value}
