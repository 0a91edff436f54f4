"""A sign-in at the provider: the way there, and what comes back.

The browser has a secret in a cookie. The state and it give the nonce and the PKCE verifier, so the database holds
neither; each state is good once, for ten minutes, and in that browser. No transaction is open while the provider is
asked.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from webapp.models import SsoAttempt, db, utc_now
from webapp.services.accounts.sso import discovery, provider_http, tokens
from webapp.services.accounts.sso import settings as sso_settings
from webapp.services.accounts.sso.discovery import Provider
from webapp.services.accounts.sso.people import Refused
from webapp.services.accounts.sso.settings import Settings
from webapp.services.core import work
from webapp.services.core.runtime import Runtime

GOOD_FOR = timedelta(minutes=10)
SCOPE = "openid email profile"
CALLBACK = "/sso/callback"

NOT_SET_UP = "Single sign-on isn't set up here. Sign in with your password."
EXPIRED = (
    "This sign-in took longer than 10 minutes or began in another browser. Start again from the sign-in page."
)
TWICE = "This sign-in was used already. Start again from the sign-in page."
MIXED_UP = (
    "The answer came from another provider than the one that was asked. Start again from the sign-in page."
)
DENIED = "The provider refused the sign-in ({}). Try again, or ask your admin."
NOT_ASKED = "The provider didn't ask who you are. Sign out there and try again."
NO_TIME = (
    "The provider didn't say when it asked who you are, so nothing was confirmed. Use a passkey, or ask your admin to "
    "have the provider send the claim auth_time."
)
CODE_REFUSED = (
    "The provider refused the answer that your browser brought ({}). Start again from the sign-in page. If it stays "
    "like this, an admin checks the client ID and secret."
)


@dataclass(frozen=True)
class Arrival:
    """What the browser brought. ``browser``: the secret from its cookie."""

    state: str
    browser: str
    code: str = ""
    error: str = ""
    issuer: str = ""


@dataclass(frozen=True)
class Proof:
    """Who the provider says that it is, and with what. ``confirms``: the session that was to be confirmed, or None."""

    settings: Settings
    claims: dict[str, Any]
    next_path: str
    confirms: int | None
    id_token: str = field(default="", repr=False)


def start(runtime: Runtime, browser: str, next_path: str, *, confirms: int | None = None) -> str:
    """The provider's address to send the browser to. Raises Refused, or Unavailable."""
    settings = ready(runtime)
    work.pause()
    provider = discovery.find(runtime, settings.issuer)
    state = _begin(browser, next_path[:2000], confirms)
    again = {"prompt": "login", "max_age": "0"} if confirms else {}
    address: str = prepare_grant_uri(
        provider.metadata["authorization_endpoint"],
        settings.client_id,
        "code",
        redirect_uri=_callback(runtime),
        scope=SCOPE,
        state=state,
        nonce=_derived("nonce", state, browser),
        code_challenge=create_s256_code_challenge(_derived("verifier", state, browser)),
        code_challenge_method="S256",
        **again,
    )
    return address


def finish(runtime: Runtime, arrival: Arrival) -> Proof:
    """Check what the browser brought and ask the provider. Raises Refused, BadToken or Unavailable."""
    settings = ready(runtime)
    attempt = _use(arrival.state, arrival.browser)
    next_path, confirms, began = attempt.next_path, attempt.confirms, attempt.created_at
    work.pause()
    provider = discovery.find(runtime, settings.issuer)
    is_named = provider.metadata.get("authorization_response_iss_parameter_supported") is True
    if (arrival.issuer or is_named) and arrival.issuer != settings.issuer:
        raise Refused(MIXED_UP, "another issuer")
    if arrival.error or not arrival.code:
        raise Refused(DENIED.format(_word(arrival.error or "no code")), "refused by the provider")
    answer = _exchange(runtime, settings, provider, arrival)
    access_token = str(answer.get("access_token") or "")
    id_token = str(answer.get("id_token") or "")
    claims = tokens.id_token(
        runtime,
        provider,
        id_token,
        client_id=settings.client_id,
        nonce=_derived("nonce", arrival.state, arrival.browser),
        access_token=access_token,
    )
    if confirms:
        _check_asked_again(provider, claims, began.timestamp())
    claims = _with_userinfo(runtime, settings, provider, claims, access_token)
    return Proof(settings, claims, next_path, confirms, id_token)


def ready(runtime: Runtime) -> Settings:
    """The settings in force. Raises Refused when single sign-on isn't set up."""
    settings = sso_settings.load(runtime)
    if not settings.is_ready:
        raise Refused(NOT_SET_UP, "not set up")
    return settings


def _check_asked_again(provider: Provider, claims: dict[str, Any], began: float) -> None:
    """Raise Refused unless the provider says that it asked the person since ``began``.

    ``max_age`` was asked for, so it has to say when. One that tells beforehand that it never does (Google) is believed
    that it signed the answer just now.
    """
    at, known = claims.get("auth_time"), provider.metadata.get("claims_supported")
    if at is None and isinstance(known, list) and "auth_time" not in known:
        return
    if not isinstance(at, int | float):
        raise Refused(NO_TIME, "no time of the sign-in")
    if at < began - tokens.LEEWAY:
        raise Refused(NOT_ASKED, "not asked again")


@work.command
def _begin(browser: str, next_path: str, confirms: int | None) -> str:
    db.session.execute(db.delete(SsoAttempt).where(SsoAttempt.created_at < utc_now() - 6 * GOOD_FOR))
    state = secrets.token_urlsafe(32)
    row = SsoAttempt(
        state_sha256=_digest(state), browser_sha256=_digest(browser), next_path=next_path, confirms=confirms
    )
    db.session.add(row)
    return state


@work.command
def _use(state: str, browser: str) -> SsoAttempt:
    """Use up the attempt: of several at once, the database lets one through. Raises Refused."""
    row: SsoAttempt | None = db.session.scalar(
        db.select(SsoAttempt)
        .filter_by(state_sha256=_digest(state), browser_sha256=_digest(browser))
        .with_for_update()
    )
    if row is None or not browser or row.created_at < utc_now() - GOOD_FOR:
        raise Refused(EXPIRED, "state")
    if row.used_at is not None:
        raise Refused(TWICE, "used twice")
    row.used_at = utc_now()
    return row


def _exchange(runtime: Runtime, settings: Settings, provider: Provider, arrival: Arrival) -> dict[str, Any]:
    """The tokens for the code. Raises Refused or Unavailable."""
    form = {"code": arrival.code, "code_verifier": _derived("verifier", arrival.state, arrival.browser)}
    headers: dict[str, str] = {}
    methods = provider.metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if not settings.secret:
        form["client_id"] = settings.client_id
    elif "client_secret_post" in methods:
        form |= {"client_id": settings.client_id, "client_secret": settings.secret}
    else:
        pair = f"{quote(settings.client_id, safe='')}:{quote(settings.secret, safe='')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    body = prepare_token_request("authorization_code", redirect_uri=_callback(runtime), **form)
    status, answer = provider_http.post(runtime, provider.metadata["token_endpoint"], body, headers)
    if status >= 500 or answer is None:
        raise provider_http.Unavailable(f"The provider responded with status {status}.")
    if status != 200:
        raise Refused(CODE_REFUSED.format(_word(answer.get("error"))), "code refused")
    return answer


def _with_userinfo(
    runtime: Runtime, settings: Settings, provider: Provider, claims: dict[str, Any], access_token: str
) -> dict[str, Any]:
    """The claims, completed from the provider's page about the person if address or groups are missing."""
    address = provider.metadata.get("userinfo_endpoint")
    wants_groups = (
        settings.group_roles and settings.groups_claim not in claims and "_claim_names" not in claims
    )
    if not address or not access_token or ("email" in claims and not wants_groups):
        return claims
    more: Mapping[str, Any] = provider_http.get(runtime, address, access_token)
    if more.get("sub") != claims["sub"]:
        raise Refused(MIXED_UP, "another person")
    return {**more, **claims}


def _callback(runtime: Runtime) -> str:
    return runtime.config.public_base_url + CALLBACK


def _derived(what: str, state: str, browser: str) -> str:
    digest = hashlib.sha256(f"{what}.{state}.{browser}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _word(text: object) -> str:
    """An error code of the provider, fit for a sentence."""
    shown = "".join(sign for sign in str(text or "") if sign.isascii() and (sign.isalnum() or sign in "_-. "))
    return shown[:60] or "no reason given"
