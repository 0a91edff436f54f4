"""How the quoting desk notifies the integrations, without knowing any of them."""

from __future__ import annotations

from webapp.models import Quote, Revision
from webapp.services.core.runtime import Runtime
from webapp.services.integrations.base import QuoteEvent


def tell(kind: str, quote: Quote, revision: Revision, *, before: str = "", by: str = "") -> None:
    """Let every integration write what it will send about the event into the open transaction.

    ``kind`` is one of ``base.KINDS``; ``before``, the status before it, defaults to the quote's status.
    """
    # Imported late: integrations import the quoting desk.
    from webapp.services.integrations import registry

    event = QuoteEvent(kind, quote, revision, before=before or quote.status, by=by)
    for integration in registry.every():
        integration.on_quote(event)


def nudge(runtime: Runtime) -> None:
    """After the commit: let every integration queue its due entries."""
    from webapp.services.integrations import registry

    for integration in registry.every():
        integration.nudge(runtime)
