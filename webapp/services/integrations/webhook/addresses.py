"""Which URLs may receive webhooks. No one may use Quotewright to reach into the operator's internal network.

A URL is checked without DNS when it is entered, and again with its resolved addresses at every connection.
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

MAX_URL = 500
INTERNAL_ENDINGS = (".localhost", ".local", ".internal")
NAT64 = IPv6Network("64:ff9b::/96")
PORTS = {"https": 443, "http": 80}


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
        host, port = target(parts)
        host.encode("idna")  # fails for an empty or overlong part of the name
    except ValueError as error:
        raise ValueError("This isn't a valid URL. Enter one like https://example.com/hooks.") from error
    if parts.scheme not in PORTS or not host or not port:
        raise ValueError("Enter the full URL, starting with https://.")
    if "@" in parts.netloc:
        raise ValueError("Remove the user name and password from the URL. Messages are signed instead.")
    if "#" in text:
        raise ValueError("Remove the part after #. It's never sent.")
    if not is_allowed(host, port, allowed_hosts):
        _check_public(parts.scheme, host)
    return parts.geturl()


def target(parts: SplitResult) -> tuple[str, int]:
    """Host and port of a URL. Raises ValueError for an invalid port."""
    port = parts.port
    return (parts.hostname or "").rstrip("."), PORTS.get(parts.scheme, 0) if port is None else port


def is_allowed(host: str, port: int, allowed_hosts: Collection[str]) -> bool:
    """True for a host that the operator allowed, with or without its port: it may be internal and use plain HTTP."""
    with_port = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return host in allowed_hosts or with_port in allowed_hosts


def is_public(text: str) -> bool:
    """True for an IP address of the public internet. An IPv4 address inside an IPv6 address must be public too."""
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        if address.teredo is not None or address.is_site_local:
            return False
        embedded = address.ipv4_mapped or address.sixtofour
        if embedded is None and address in NAT64:
            embedded = IPv4Address(int(address) & 0xFFFFFFFF)
        if embedded is not None:
            address = embedded
    return address.is_global and not address.is_multicast and not address.is_reserved


def _check_public(scheme: str, host: str) -> None:
    """Raise ValueError for a URL that can be refused without DNS."""
    if scheme != "https":
        raise ValueError(
            "Use an https:// URL. (Internal http:// hosts must be allowed by your server admin in "
            "WEBHOOK_ALLOWED_HOSTS.)"
        )
    internal = ValueError(
        "This is an internal address, so webhooks can't use it. Your server admin can allow it in "
        "WEBHOOK_ALLOWED_HOSTS."
    )
    try:
        # Parsed like the connection does: 2130706433, 0x7f.1 and 127.1 are all 127.0.0.1.
        entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except OSError:
        if "." not in host or f".{host}".endswith(INTERNAL_ENDINGS):
            raise internal from None
        return
    if not all(is_public(str(entry[4][0])) for entry in entries):
        raise internal
