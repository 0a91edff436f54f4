"""The secret of an endpoint, and the signature that proves to its receiver that a message is genuine.

The header is ``t=<unix seconds>,v1=<hex>``; ``v1`` is HMAC-SHA256 over the seconds, a dot and the body's bytes, with
the secret's text as the key. While a rotated secret still signs, there is a second ``v1``.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence

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
