"""The only module that speaks HTTP to the sign-in provider: https, within a time and a size, at public addresses.

The operator allows internal hosts in OIDC_ALLOWED_HOSTS; the host of OIDC_ISSUER is allowed by being set there. Plain
http is for this machine alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from http.client import HTTPResponse  # noqa: TID251  only the response's type
from typing import Any
from urllib.parse import urlsplit

from webapp.services.core import hosts, outward
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime

SECONDS = 8.0
MOST_BYTES = 512 * 1024
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Unavailable(ServiceError):
    """The provider didn't answer, or not with what it should."""


def check_url(runtime: Runtime, text: str) -> str:
    """The URL, if it may be used. Raises ValueError with a sentence."""
    allowed = _allowed(runtime)
    if not text.isascii() or not text.isprintable() or any(sign in text for sign in ' \\"<>'):
        raise ValueError("This isn't a valid URL. Use plain characters without spaces.")
    try:
        parts = urlsplit(text)
        host, port = hosts.target(parts)
        host.encode("idna")
    except ValueError as error:
        raise ValueError("This isn't a valid URL. Enter one like https://login.example.com.") from error
    if parts.scheme not in hosts.PORTS or not host or not port or "@" in parts.netloc or parts.fragment:
        raise ValueError("Enter the full URL, starting with https://.")
    is_allowed = hosts.is_allowed(host, port, allowed.hosts)
    if parts.scheme != "https" and not (is_allowed and host in LOOPBACK):
        raise ValueError("Use an https:// URL.")
    if not is_allowed and hosts.is_internal(host):
        raise ValueError("This is an internal address. Your server admin can allow it in OIDC_ALLOWED_HOSTS.")
    return text


def get(runtime: Runtime, url: str, token: str = "") -> dict[str, Any]:
    """The JSON object at ``url``. Raises Unavailable with a sentence."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    status, document = _ask(runtime, "GET", url, None, headers)
    if status != 200 or document is None:
        raise Unavailable(f"{_host(url)} responded with status {status}, or not with JSON.")
    return document


def post(
    runtime: Runtime, url: str, body: str, headers: Mapping[str, str]
) -> tuple[int, dict[str, Any] | None]:
    """Send a form; returns the status, and the JSON object if it is one. Raises Unavailable."""
    form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    return _ask(runtime, "POST", url, body.encode(), form)


def _ask(
    runtime: Runtime, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
) -> tuple[int, dict[str, Any] | None]:
    try:
        check_url(runtime, url)
        status, content = outward.exchange(
            method,
            url,
            body,
            {"Accept": "application/json", **headers},
            allowed=_allowed(runtime),
            deadline=time.monotonic() + SECONDS,
            read=_read,
        )
    except outward.NotSent as error:
        sentence = str(error).removeprefix("Nothing was sent: ")
        raise Unavailable(sentence[:1].upper() + sentence[1:]) from error
    except ValueError as error:
        raise Unavailable(f"The provider's address {url[:200]} can't be used. {error}") from error
    except outward.BROKEN as error:
        raise Unavailable(
            f"{_host(url)} didn't respond within {SECONDS:.0f} seconds, or broke off."
        ) from error
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    return status, document if isinstance(document, dict) else None


def _read(answer: HTTPResponse) -> tuple[int, bytes]:
    content = answer.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise outward.NotSent(f"The provider's response is longer than {MOST_BYTES // 1024} KB.")
    return answer.status, content


def _allowed(runtime: Runtime) -> outward.Allowed:
    config = runtime.config
    own = urlsplit(config.oidc_issuer).netloc.lower() if config.oidc_issuer else ""
    names = (*config.oidc_allowed_hosts, *filter(None, [own]))
    return outward.Allowed(names, "OIDC_ALLOWED_HOSTS")


def _host(url: str) -> str:
    return urlsplit(url).hostname or url
