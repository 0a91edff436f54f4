"""The only module that speaks HTTP to webhook receivers.

It resolves the name and connects to exactly the address that it checked, so that no second DNS lookup can lead
elsewhere; requests and urllib3 would look it up again. It follows no redirects, uses no proxies of the machine, and
cuts off a receiver that responds too slowly.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse  # noqa: TID251  see above
from urllib.parse import urlsplit

import certifi

from webapp.services.core.fields import clean_text
from webapp.services.integrations.webhook import addresses

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 10.0
READ_BYTES = 16 * 1024
EXCERPT = 1000
MAX_RETRY_AFTER = 3600


@dataclass(frozen=True)
class Answer:
    """The result of one attempt. ``sentence``: the error, empty when the message was delivered.

    ``status`` None: there was no response. ``retry_after``: seconds that the receiver asked for.
    """

    status: int | None
    duration_ms: int
    sentence: str = ""
    response: str = ""
    retry_after: int = 0


class _NotSent(Exception):
    """There was no connection, for the reason in the sentence."""


def post(url: str, body: bytes, headers: Mapping[str, str], allowed_hosts: Collection[str]) -> Answer:
    """Send ``body`` once. Never raises, whatever the receiver or the network does."""
    started = time.monotonic()
    status, sentence, response, retry_after = None, "", "", 0
    try:
        status, response, retry_after = _exchange(url, body, headers, allowed_hosts, started + TOTAL_SECONDS)
        sentence = _verdict(status)
    except _NotSent as error:
        sentence = str(error)
    except (OSError, HTTPException, ValueError) as error:
        if isinstance(error, TimeoutError) or time.monotonic() - started >= TOTAL_SECONDS:
            sentence = f"The receiver didn't respond within {TOTAL_SECONDS:.0f} seconds."
        else:
            sentence = "The connection broke before the receiver responded, or the response wasn't HTTP."
    return Answer(status, round((time.monotonic() - started) * 1000), sentence, response, retry_after)


def _exchange(
    url: str, body: bytes, headers: Mapping[str, str], allowed_hosts: Collection[str], deadline: float
) -> tuple[int, str, int]:
    """Status, the start of the response body, and Retry-After."""
    parts = urlsplit(url)
    host, port = addresses.target(parts)
    is_allowed = addresses.is_allowed(host, port, allowed_hosts)
    if parts.scheme != "https" and not is_allowed:
        raise _NotSent(f"Nothing was sent: the URL uses http://, and {host} isn't in WEBHOOK_ALLOWED_HOSTS.")
    plain = _connect(host, port, is_allowed, deadline)
    # A second handle on the connection, which stays valid after TLS wraps the first handle.
    handle = plain.dup()
    watch = threading.Timer(max(0.0, deadline - time.monotonic()), _cut, [handle])
    watch.daemon = True
    watch.start()
    connection = HTTPConnection(host, port)
    try:
        connection.sock = _secured(plain, host) if parts.scheme == "https" else plain
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, {"Host": parts.netloc, "Connection": "close", **headers})
        answer = connection.getresponse()
        if time.monotonic() >= deadline:
            raise TimeoutError  # the headers were cut off, so the status can't be trusted
        return answer.status, _excerpt(answer), _seconds(answer.getheader("Retry-After"))
    finally:
        watch.cancel()
        handle.close()
        plain.close()
        connection.close()


def _connect(host: str, port: int, is_allowed: bool, deadline: float) -> socket.socket:
    """A connection to one of the current addresses of ``host``, all of which must be public."""
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _NotSent(f"Nothing was sent: the host {host} can't be found.") from error
    if not is_allowed and not all(addresses.is_public(str(entry[4][0])) for entry in entries):
        raise _NotSent(
            f"Nothing was sent: {host} has an internal address. Your server admin can allow it in "
            "WEBHOOK_ALLOWED_HOSTS."
        )
    for family, kind, protocol, _name, address in entries:
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(max(0.1, min(CONNECT_SECONDS, deadline - time.monotonic())))
        try:
            connection.connect(address)
        except OSError:
            connection.close()
        else:
            connection.settimeout(max(0.1, deadline - time.monotonic()))
            return connection
    raise _NotSent(f"Nothing was sent: no response from {host}, port {port}.")


def _secured(plain: socket.socket, host: str) -> ssl.SSLSocket:
    try:
        return _tls().wrap_socket(plain, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise _NotSent(
            f"Nothing was sent: the certificate of {host} isn't valid ({error.verify_message})."
        ) from error
    except ssl.SSLError as error:
        raise _NotSent(f"Nothing was sent: no secure connection to {host} could be made.") from error


@cache
def _tls() -> ssl.SSLContext:
    """Trust the machine's certificate authorities and certifi's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _excerpt(answer: HTTPResponse) -> str:
    """The start of the body. A truncated body doesn't matter, since the status has the result."""
    try:
        text = answer.read(READ_BYTES).decode("utf-8", "replace")
    except (OSError, HTTPException):
        return ""
    return clean_text(text)[:EXCERPT]


def _cut(handle: socket.socket) -> None:
    with suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


def _verdict(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return (
            f"The receiver responded with a redirect (status {status}), which isn't followed. Enter the URL that it "
            "redirects to."
        )
    if status == 410:
        return "The receiver responded with status 410: it no longer accepts events."
    return f"The receiver responded with status {status}."


def _seconds(text: str | None) -> int:
    return min(int(text[:9]), MAX_RETRY_AFTER) if text and text.isascii() and text.isdigit() else 0
