"""Which URLs may receive webhooks. No one may use Quotewright to reach into the operator's internal network.

A URL is checked without DNS when it is entered, and again with its resolved addresses at every connection.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from webapp.services.core import hosts

MAX_URL = 500


def check_url(text: str, allowed_hosts: Collection[str]) -> str:
    """The URL to store. Raises ValueError with a sentence for a URL that isn't allowed."""
    if not text:
        raise ValueError("Enter the URL that receives the events.")
    if len(text) > MAX_URL:
        raise ValueError(f"This URL has {len(text):,} characters. The limit is {MAX_URL}.")
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise ValueError(
            "Use plain characters without spaces: escapes like %20 in the path, and xn-- names for other alphabets."
        )
    try:
        parts = urlsplit(text)
        host, port = hosts.target(parts)
        host.encode("idna")  # fails for an empty or overlong part of the name
    except ValueError as error:
        raise ValueError("This isn't a valid URL. Enter one like https://example.com/hooks.") from error
    if parts.scheme not in hosts.PORTS or not host or not port:
        raise ValueError("Enter the full URL, starting with https://.")
    if "@" in parts.netloc:
        raise ValueError("Remove the user name and password from the URL. Messages are signed instead.")
    if "#" in text:
        raise ValueError("Remove the part after #. It's never sent.")
    if not hosts.is_allowed(host, port, allowed_hosts):
        _check_public(parts.scheme, host)
    return parts.geturl()


def _check_public(scheme: str, host: str) -> None:
    """Raise ValueError for a URL that can be refused without DNS."""
    if scheme != "https":
        raise ValueError(
            "Use an https:// URL. (Internal http:// hosts must be allowed by your server admin in "
            "WEBHOOK_ALLOWED_HOSTS.)"
        )
    if hosts.is_internal(host):
        raise ValueError(
            "This is an internal address, so webhooks can't use it. Your server admin can allow it in "
            "WEBHOOK_ALLOWED_HOSTS."
        )
