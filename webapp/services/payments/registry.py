"""The gateways that there are."""

from __future__ import annotations

from webapp.services.company import payments
from webapp.services.core.errors import NotFound
from webapp.services.payments.gateway import Gateway
from webapp.services.payments.link.gateway import LinkGateway

GATEWAYS: dict[str, Gateway] = {gateway.key: gateway for gateway in (LinkGateway(),)}


def chosen() -> Gateway:
    """The gateway of the settings."""
    return by_key(payments.stored().gateway)


def by_key(key: str) -> Gateway:
    """Raises NotFound with a sentence."""
    found = GATEWAYS.get(key)
    if found is None:
        raise NotFound("There's no such gateway for payments.")
    return found
