"""What the quoting desk tells the integrations. It knows none of them by name."""

from __future__ import annotations

from webapp.models import Quote, Revision
from webapp.services.core.runtime import Runtime
from webapp.services.integrations.base import QuoteEvent


def tell(kind: str, quote: Quote, revision: Revision, *, before: str = "", by: str = "") -> None:
    """Let every integration write, into the open transaction, what follows from the event for it.

    ``kind`` is one of ``base.KINDS``; ``before``, the status before it, is the quote's own unless given.
    """
    # Integrations know the quoting desk, so it can't import them as it is itself imported.
    from webapp.services.integrations import registry

    event = QuoteEvent(kind, quote, revision, before=before or quote.status, by=by)
    for integration in registry.every():
        integration.on_quote(event)


def nudge(runtime: Runtime) -> None:
    """After the commit: let every integration hand what is due to the workers."""
    from webapp.services.integrations import registry

    for integration in registry.every():
        integration.nudge(runtime)
