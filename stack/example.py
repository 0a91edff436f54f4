"""Whether the example company may be added: only where nobody but the person at this machine can reach it."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from stack.options import Options


def reason_against(options: Options) -> str:
    """A sentence why the example company is not added; empty when it may be."""
    for name, what in (
        ("DATABASE_URL", "names a database of its own"),
        ("AUTOTASK_ROOT", "names another Autotask than the sandbox"),
    ):
        if options.given(name):
            return _because(name, what)
    if not is_loopback(options.host):
        return _because("HOST", f"lets other machines in ({options.host})")
    address = options.value("PUBLIC_BASE_URL")
    if address and not is_loopback(_host(address)):
        return _because("PUBLIC_BASE_URL", f"is an address for others ({address})")
    if options.value("TRUSTED_PROXIES") not in ("", "0"):
        return _because("TRUSTED_PROXIES", "says that a proxy lets others in")
    return ""


def is_loopback(host: str) -> bool:
    """True for localhost and for addresses that only this machine has."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _because(name: str, what: str) -> str:
    return f"The example company is not added, since {name} {what}."
