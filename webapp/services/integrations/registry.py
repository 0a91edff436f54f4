"""All integrations. A new integration is a class and a line here."""

from __future__ import annotations

from webapp.services.integrations.autotask import Autotask
from webapp.services.integrations.base import Integration
from webapp.services.integrations.webhook.integration import Webhooks

INTEGRATIONS: tuple[Integration, ...] = (Autotask(), Webhooks())


def every() -> tuple[Integration, ...]:
    """All integrations, in the order of the list."""
    return INTEGRATIONS


def by_group() -> dict[str, list[Integration]]:
    """Integrations by the names of their groups."""
    groups: dict[str, list[Integration]] = {}
    for integration in every():
        groups.setdefault(integration.group, []).append(integration)
    return groups
