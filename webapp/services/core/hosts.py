"""Which hosts may be contacted. No one may use Quotewright to reach into the operator's internal network."""

from __future__ import annotations

import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult

INTERNAL_ENDINGS = (".localhost", ".local", ".internal")
NAT64 = IPv6Network("64:ff9b::/96")
PORTS = {"https": 443, "http": 80}


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


def is_name(host: str) -> bool:
    """False for what no name or address of a host can be, as with an empty or overlong part."""
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return bool(host)


def is_loopback(host: str) -> bool:
    """True for this machine itself, by an address or as ``localhost``."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_internal(host: str) -> bool:
    """True for a name or address of which DNS needn't be asked to know that it's internal.

    Raises UnicodeError for what can't be a name (``is_name``).
    """
    try:
        # Parsed like the connection does: 2130706433, 0x7f.1 and 127.1 are all 127.0.0.1.
        entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except OSError:
        return "." not in host or f".{host}".endswith(INTERNAL_ENDINGS)
    return not all(is_public(str(entry[4][0])) for entry in entries)
