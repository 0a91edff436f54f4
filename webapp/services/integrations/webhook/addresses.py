"""Which URLs may receive webhooks (``core.urls``)."""

from __future__ import annotations

from collections.abc import Collection

from webapp.services.core import urls
from webapp.services.core.outward import Allowed

VARIABLE = "WEBHOOK_ALLOWED_HOSTS"


def check_url(text: str, allowed_hosts: Collection[str]) -> str:
    """The URL to store. Raises ValueError with a sentence for a URL that isn't allowed."""
    return urls.check(
        text,
        Allowed(allowed_hosts, VARIABLE),
        missing="Enter the URL that receives the events.",
        example="https://example.com/hooks",
        credentials="Messages are signed instead.",
    )
