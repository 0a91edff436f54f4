"""What the provider says of itself: its addresses and its signing keys, kept for a while in each process."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from webapp.services.accounts.sso import provider_http
from webapp.services.accounts.sso.provider_http import Unavailable
from webapp.services.core.runtime import Runtime

PATH = "/.well-known/openid-configuration"
KEPT_SECONDS = 3600.0
# A token with an unknown key has the keys read again, but not more often than this.
AGAIN_SECONDS = 10.0
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL = ("userinfo_endpoint", "end_session_endpoint")


@dataclass
class Provider:
    """``metadata``: the discovery document. ``keys``: the JSON Web Keys, as they were read at ``read_at``."""

    metadata: dict[str, Any]
    kept_at: float
    keys: list[dict[str, Any]] = field(default_factory=list)
    read_at: float = float("-inf")


_kept: dict[str, Provider] = {}


def find(runtime: Runtime, issuer: str, *, fresh: bool = False) -> Provider:
    """The provider with this issuer. Raises Unavailable with a sentence that says what is wrong."""
    known = _kept.get(issuer)
    now = time.monotonic()
    if known is not None and not fresh and now - known.kept_at < KEPT_SECONDS:
        return known
    metadata = provider_http.get(runtime, issuer.rstrip("/") + PATH)
    _check(runtime, issuer, metadata)
    _kept.clear()
    provider = _kept[issuer] = Provider(metadata, now)
    return provider


def keys(runtime: Runtime, provider: Provider, *, unknown: bool = False) -> list[dict[str, Any]]:
    """The provider's keys; read again when they are old, or with ``unknown`` unless that was done just now."""
    age = time.monotonic() - provider.read_at
    if age > (AGAIN_SECONDS if unknown else KEPT_SECONDS):
        document = provider_http.get(runtime, provider.metadata["jwks_uri"])
        found = document.get("keys")
        if not isinstance(found, list) or not found:
            raise Unavailable("The provider published no signing keys.")
        provider.keys = [key for key in found[:100] if isinstance(key, dict)]
        provider.read_at = time.monotonic()
    return provider.keys


def test(runtime: Runtime, issuer: str) -> str:
    """Read everything afresh; returns a sentence. Raises Unavailable with a sentence."""
    provider = find(runtime, issuer, fresh=True)
    found = keys(runtime, provider)
    ends = "can" if provider.metadata.get("end_session_endpoint") else "can't"
    count = "1 signing key" if len(found) == 1 else f"{len(found)} signing keys"
    return f"The provider answered and has {count}. Signing out there {ends} be offered."


def _check(runtime: Runtime, issuer: str, metadata: dict[str, Any]) -> None:
    named = metadata.get("issuer")
    if named != issuer:
        raise Unavailable(
            f"The provider calls itself “{str(named)[:200]}”, not “{issuer}”. Enter the issuer exactly like that, if "
            "it's your own."
        )
    for name in (*NEEDED, *OPTIONAL):
        value = metadata.get(name)
        if value is None and name in OPTIONAL:
            continue
        if not isinstance(value, str) or not value:
            raise Unavailable(f"The provider's discovery document has no {name}.")
        try:
            provider_http.check_url(runtime, value)
        except ValueError as error:
            raise Unavailable(f"The provider's {name} can't be used. {error}") from error
    methods = metadata.get("code_challenge_methods_supported")
    if isinstance(methods, list) and "S256" not in methods:
        raise Unavailable("The provider doesn't support PKCE with S256, which Quotewright needs.")
