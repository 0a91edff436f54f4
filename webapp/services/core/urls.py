"""Which URLs of other people's servers may be stored. No one may use Quotewright to reach into the operator's network.

A URL is checked here without DNS when it is entered, and by ``core.outward`` with its resolved addresses at every
connection.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from webapp.services.core import hosts
from webapp.services.core.outward import Allowed

MAX_URL = 500


def check(text: str, allowed: Allowed, *, missing: str, example: str, credentials: str) -> str:
    """The URL to store. Raises ValueError with a sentence for a URL that isn't allowed.

    ``missing``: the sentence for an empty one. ``example``: a URL as it should be. ``credentials``: what to do instead
    of a user name in the URL.
    """
    if not text:
        raise ValueError(missing)
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
        raise ValueError(f"This isn't a valid URL. Enter one like {example}.") from error
    if parts.scheme not in hosts.PORTS or not host or not port:
        raise ValueError("Enter the full URL, starting with https://.")
    if "@" in parts.netloc:
        raise ValueError(f"Remove the user name and password from the URL. {credentials}")
    if "#" in text:
        raise ValueError("Remove the part after #. It's never sent.")
    if not hosts.is_allowed(host, port, allowed.hosts):
        _check_public(parts.scheme, host, allowed.variable)
    return parts.geturl()


def _check_public(scheme: str, host: str, variable: str) -> None:
    """Raise ValueError for a URL that can be refused without DNS."""
    if scheme != "https":
        raise ValueError(f"Use an https:// URL. (Your server admin can allow http:// hosts in {variable}.)")
    if hosts.is_internal(host):
        raise ValueError(f"This is an internal address. Your server admin can allow it in {variable}.")
