"""All integrations there are."""

from __future__ import annotations

from webapp.services.integrations.autotask import Autotask
from webapp.services.integrations.base import Integration

INTEGRATIONS: tuple[Integration, ...] = (Autotask(),)


def by_group() -> dict[str, list[Integration]]:
    """The catalogue: integrations under the names of their groups."""
    groups: dict[str, list[Integration]] = {}
    for integration in INTEGRATIONS:
        groups.setdefault(integration.group, []).append(integration)
    return groups
