"""The secret that two programs share, and the signature that proves to a message's receiver that it is genuine.

The header is ``t=<unix seconds>,v1=<hex>``; ``v1`` is HMAC-SHA256 over the seconds, a dot and the body's bytes, with
the secret's text as the key. While a rotated secret still signs, there is a second ``v1``.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence

# A message may be this many seconds old, or early.
TOLERANCE = 300
HEADER = "Quotewright-Signature"
PREFIX = "whsec_"


def new_secret() -> str:
    """A secret with 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def sign(keys: Sequence[str], timestamp: int, body: bytes) -> str:
    """The header's value: one ``v1`` for each of ``keys``."""
    signed = b"%d." % timestamp + body
    digests = [hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in keys]
    return ",".join([f"t={timestamp}", *(f"v1={digest}" for digest in digests)])


def is_genuine(key: str, header: str, body: bytes, now: int) -> bool:
    """True when ``header`` has a signature of ``body`` with ``key``, made at most TOLERANCE seconds from ``now``."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t" and value.isascii() and value.isdecimal()]
    if not key or len(times) != 1 or len(times[0]) > 12 or abs(now - int(times[0])) > TOLERANCE:
        return False
    wanted = hmac.new(key.encode(), f"{int(times[0])}.".encode() + body, hashlib.sha256).hexdigest()
    given = [value.encode() for name, _, value in parts if name == "v1"]
    return any(hmac.compare_digest(wanted.encode(), one) for one in given)
