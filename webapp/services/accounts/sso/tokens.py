"""The provider's signed tokens: whose key signed them, for whom, when, and in answer to what."""

from __future__ import annotations

import time
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError
from joserfc.jwk import JWKRegistry
from joserfc.jws import extract_compact

from webapp.services.accounts.sso import discovery
from webapp.services.accounts.sso.discovery import Provider
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime

# With a public key alone. HS256 isn't here: the client secret, or a public key taken for one, would sign.
ALGORITHMS = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES384", "ES512"),
}
ALLOWED = frozenset(name for names in ALGORITHMS.values() for name in names)
# How far the clocks of the two machines may be apart.
LEEWAY = 90
MOST_CHARACTERS = 64 * 1024
OLDEST = 600
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"

CLOCK = (
    "The provider's answer has expired or is from the future. Try again; if it stays like this, the clock of the "
    "server or of the provider is wrong."
)
FORGED = "The provider's answer isn't signed with its key, so it was refused. Try again, or tell your admin."
NOT_FOR_US = (
    "The provider's answer was meant for another application or sign-in. Start again from the sign-in page."
)


class BadToken(ServiceError):
    """The token is refused. ``reason``: in a word, for the diary."""

    def __init__(self, sentence: str, reason: str) -> None:
        super().__init__(sentence)
        self.reason = reason


def id_token(
    runtime: Runtime, provider: Provider, text: str, *, client_id: str, nonce: str, access_token: str
) -> dict[str, Any]:
    """The claims of an ID token. Raises BadToken with a sentence."""
    header, claims = _verified(runtime, provider, text)
    _check_addressee(provider, claims, client_id)
    checked = CodeIDToken(
        claims, header, params={"nonce": nonce, "client_id": client_id, "access_token": access_token}
    )
    _validate(checked)
    if len(str(claims["sub"])) > 255:
        raise BadToken(FORGED, "subject")
    return claims


def logout_token(runtime: Runtime, provider: Provider, text: str, client_id: str) -> dict[str, Any]:
    """The claims of a back-channel logout token. Raises BadToken."""
    header, claims = _verified(runtime, provider, text)
    _check_addressee(provider, claims, client_id)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict) or "nonce" in claims:
        raise BadToken(NOT_FOR_US, "not a logout token")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not jti:
        raise BadToken(NOT_FOR_US, "jti")
    # It has no expiry of its own in older versions of the specification.
    _validate(CodeIDToken({"exp": int(time.time()) + 1, "sub": "none", **claims}, header, params={}))
    return claims


def _verified(runtime: Runtime, provider: Provider, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token that one of the provider's keys signed."""
    if len(text) > MOST_CHARACTERS:
        raise BadToken(FORGED, "too long")
    try:
        header = extract_compact(text.encode()).headers()
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadToken(FORGED, "not a token") from error
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALLOWED:
        raise BadToken(FORGED, "algorithm")
    found = _fitting(discovery.keys(runtime, provider), header) or _fitting(
        discovery.keys(runtime, provider, unknown=True), header
    )
    for key in found:
        try:
            token = jwt.decode(text, JWKRegistry.import_key(key), algorithms=[algorithm])
        except (JoseError, ValueError, TypeError, KeyError):  # this key didn't sign it, or is none
            continue
        return dict(header), dict(token.claims)
    raise BadToken(FORGED, "signature")


def _fitting(keys: list[dict[str, Any]], header: dict[str, Any]) -> list[dict[str, Any]]:
    """The keys that may have signed: of the algorithm's kind, and of the name that the header has."""
    return [
        key
        for key in keys
        if header["alg"] in ALGORITHMS.get(str(key.get("kty")), ())
        and key.get("use", "sig") == "sig"
        and key.get("alg", header["alg"]) == header["alg"]
        and ("kid" not in header or key.get("kid") == header["kid"])
    ]


def _check_addressee(provider: Provider, claims: dict[str, Any], client_id: str) -> None:
    if claims.get("iss") != provider.metadata["issuer"]:
        raise BadToken(NOT_FOR_US, "issuer")
    named = claims.get("aud")
    audience = named if isinstance(named, list) else [named]
    if client_id not in audience:
        raise BadToken(NOT_FOR_US, "audience")
    if (len(audience) > 1 or "azp" in claims) and claims.get("azp") != client_id:
        raise BadToken(NOT_FOR_US, "authorized party")


def _validate(token: CodeIDToken) -> None:
    """Times, nonce and the rest, by Authlib."""
    now = int(time.time())
    try:
        token.validate(now=now, leeway=LEEWAY)
    except ExpiredTokenError as error:
        raise BadToken(CLOCK, "expired") from error
    except InvalidClaimError as error:
        late = error.claim in ("exp", "iat", "nbf", "auth_time")
        raise BadToken(CLOCK if late else NOT_FOR_US, str(error.claim)) from error
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadToken(NOT_FOR_US, getattr(error, "error", "claims")) from error
    if now - float(token["iat"]) > OLDEST:
        raise BadToken(CLOCK, "iat")
