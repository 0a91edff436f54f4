"""All integrations. A new integration is a class and a line here."""

from __future__ import annotations

from webapp.services.core.errors import NotFound
from webapp.services.integrations.autotask import Autotask
from webapp.services.integrations.base import Integration
from webapp.services.integrations.webhook.integration import Webhooks

INTEGRATIONS: tuple[Integration, ...] = (Autotask(), Webhooks())


def every() -> tuple[Integration, ...]:
    """All integrations, in the order of the list."""
    return INTEGRATIONS


def get(key: str) -> Integration:
    """The integration with this key. Raises NotFound, for jobs of an older or newer version."""
    for integration in every():
        if integration.key == key:
            return integration
    raise NotFound(f"This version of Quotewright has no integration “{key}”.")


def queues() -> list[str]:
    """The RQ queues that a worker serves."""
    return [integration.queue for integration in every() if integration.queue]


def by_group() -> dict[str, list[Integration]]:
    """Integrations by the names of their groups."""
    groups: dict[str, list[Integration]] = {}
    for integration in every():
        groups.setdefault(integration.group, []).append(integration)
    return groups
