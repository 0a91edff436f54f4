"""The address of the customer's page, wherever it is written."""

from __future__ import annotations


def to_page(base: str, token: str) -> str:
    """The page that ``token`` opens. ``base``: where customers reach Quotewright; without it there's no address."""
    return f"{base}/q/{token}" if base else ""
