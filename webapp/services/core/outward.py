"""One HTTP exchange with a host that someone entered: a webhook's receiver, or a sign-in provider.

Mail connects to its server in the same way (``connect``, ``cut_at``).

It resolves the name and connects to exactly the address that it checked, so that no second DNS lookup can lead
elsewhere; requests and urllib3 would look it up again. It follows no redirects, uses no proxies of the machine, and
cuts off a host that responds too slowly.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse  # noqa: TID251  see above
from typing import TypeVar
from urllib.parse import urlsplit

import certifi

from webapp.services.core import hosts

CONNECT_SECONDS = 5.0
# What an exchange raises besides NotSent when the other side breaks off, is too slow or doesn't speak HTTP.
BROKEN = (OSError, HTTPException, ValueError)

T = TypeVar("T")


class NotSent(Exception):
    """There was no connection, for the reason in the sentence."""


@dataclass(frozen=True)
class Allowed:
    """``hosts`` may be internal and use plain HTTP. ``variable``: where the operator allows more of them."""

    hosts: Collection[str]
    variable: str


def exchange(
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    *,
    allowed: Allowed,
    deadline: float,
    read: Callable[[HTTPResponse], T],
) -> T:
    """Send one request; returns what ``read`` makes of the response. ``deadline``: of ``time.monotonic``.

    Raises NotSent with a sentence, or one of BROKEN.
    """
    parts = urlsplit(url)
    host, port = hosts.target(parts)
    is_allowed = hosts.is_allowed(host, port, allowed.hosts)
    if parts.scheme != "https" and not is_allowed:
        raise NotSent(f"Nothing was sent: the URL uses http://, and {host} isn't in {allowed.variable}.")
    plain = connect(host, port, None if is_allowed else allowed.variable, deadline)
    connection = HTTPConnection(host, port)
    try:
        with cut_at(deadline, plain):
            connection.sock = _secured(plain, host) if parts.scheme == "https" else plain
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, path, body, {"Host": parts.netloc, "Connection": "close", **headers})
            answer = connection.getresponse()
            if time.monotonic() >= deadline:
                raise TimeoutError  # the headers were cut off, so the status can't be trusted
            return read(answer)
    finally:
        plain.close()
        connection.close()


@contextmanager
def cut_at(deadline: float, plain: socket.socket) -> Iterator[None]:
    """End the connection at ``deadline`` (of ``time.monotonic``), however slowly the other side goes on sending."""
    # A second handle on the connection, which stays valid after TLS wraps the first handle.
    handle = plain.dup()
    watch = threading.Timer(max(0.0, deadline - time.monotonic()), _cut, [handle])
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
        handle.close()


def connect(host: str, port: int, variable: str | None, deadline: float) -> socket.socket:
    """A connection to one of the current addresses of ``host``, which must be public if a ``variable`` is given.

    ``variable``: names the setting that allows internal hosts. Raises NotSent with a sentence.
    """
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSent(f"Nothing was sent: the host {host} can't be found.") from error
    if variable and not all(hosts.is_public(str(entry[4][0])) for entry in entries):
        raise NotSent(
            f"Nothing was sent: {host} has an internal address. Your server admin can allow it in {variable}."
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
    raise NotSent(f"Nothing was sent: no response from {host}, port {port}.")


def _secured(plain: socket.socket, host: str) -> ssl.SSLSocket:
    try:
        return _tls().wrap_socket(plain, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise NotSent(
            f"Nothing was sent: the certificate of {host} isn't valid ({error.verify_message})."
        ) from error
    except ssl.SSLError as error:
        raise NotSent(f"Nothing was sent: no secure connection to {host} could be made.") from error


@cache
def _tls() -> ssl.SSLContext:
    """Trust the machine's certificate authorities and certifi's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _cut(handle: socket.socket) -> None:
    with suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)
