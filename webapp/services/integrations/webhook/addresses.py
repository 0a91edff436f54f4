"""Which addresses may be sent to. Nobody may use Quotewright to reach into the operator's own network.

An address is checked when it is entered, as far as that goes without asking DNS, and again, as it was resolved, at
every connection.
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
    """The address as it is stored. Raises ValueError with a sentence for one that may not be sent to."""
    if not text:
        raise ValueError("Enter the address that events are sent to.")
    if len(text) > MAX_URL:
        raise ValueError(f"This address is {len(text):,} characters long; up to {MAX_URL} fit here.")
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise ValueError(
            "Use plain characters without blanks: %20 and the like in the path, xn-- for other alphabets in the name."
        )
    try:
        parts = urlsplit(text)
        host, port = target(parts)
        host.encode("idna")  # an empty or overlong part of the name, which connecting would stumble over
    except ValueError as error:
        raise ValueError("This is no web address. Write it like https://example.com/hooks.") from error
    if parts.scheme not in PORTS or not host or not port:
        raise ValueError("Write the whole address, beginning with https://.")
    if "@" in parts.netloc:
        raise ValueError(
            "Leave the user name and the password out of the address; the signature takes their place."
        )
    if "#" in text:
        raise ValueError("Leave out the part from # on; it is never sent.")
    if not is_allowed(host, port, allowed_hosts):
        _check_public(parts.scheme, host)
    return parts.geturl()


def target(parts: SplitResult) -> tuple[str, int]:
    """Host and port of an address. Raises ValueError for a port that is none."""
    port = parts.port
    return (parts.hostname or "").rstrip("."), PORTS.get(parts.scheme, 0) if port is None else port


def is_allowed(host: str, port: int, allowed_hosts: Collection[str]) -> bool:
    """True for a host that the operator listed, with or without its port: it may be internal and speak plain HTTP."""
    with_port = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return host in allowed_hosts or with_port in allowed_hosts


def is_public(text: str) -> bool:
    """True for an IP address of the public internet, also when it hides an IPv4 address that must be one."""
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        if address.teredo is not None or address.is_site_local:
            return False
        hidden = address.ipv4_mapped or address.sixtofour
        if hidden is None and address in NAT64:
            hidden = IPv4Address(int(address) & 0xFFFFFFFF)
        if hidden is not None:
            address = hidden
    return address.is_global and not address.is_multicast and not address.is_reserved


def _check_public(scheme: str, host: str) -> None:
    """Raise ValueError for what needs no DNS to be refused."""
    if scheme != "https":
        raise ValueError("Use https://. Plain http:// is only for hosts in WEBHOOK_ALLOWED_HOSTS.")
    internal = ValueError(
        "This is an internal address, which Quotewright does not send to. An operator can allow it with "
        "WEBHOOK_ALLOWED_HOSTS."
    )
    try:
        # As connecting would read it: 2130706433, 0x7f.1 and 127.1 all are 127.0.0.1.
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except OSError:
        if "." not in host or f".{host}".endswith(INTERNAL_ENDINGS):
            raise internal from None
        return
    if not all(is_public(str(entry[4][0])) for entry in found):
        raise internal
