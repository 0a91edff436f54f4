"""Signing out where a provider takes part: it ends our sessions, and we ask it to end its own.

The provider says that someone signed out there by a signed token (back-channel logout) or by having the person's
browser open an address of ours (front-channel logout), which names its session by an id that only it and we know.
After signing out here, the person may follow a link that ends the provider's session: with the ID token of the sign-in
as a hint, so that the provider knows whose it is and needn't ask.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement
from sqlalchemy.exc import IntegrityError

from webapp.models import SsoLeaving, SsoLogout, UserSession, db, utc_now
from webapp.services.accounts.sso import discovery, flow, tokens
from webapp.services.accounts.sso.people import Refused
from webapp.services.core import work
from webapp.services.core.runtime import Runtime
from webapp.services.diary import diary

BACK = "/login"
# How long someone may take to follow the link; and logout tokens are refused when they are older than this.
LASTS = timedelta(minutes=10)
NO_ONE = "The message names no one who is signed in by the provider."
REPLAYED = "This message was obeyed already."


def by_token(runtime: Runtime, text: str) -> int:
    """End the sessions that a logout token of the provider names, once; returns how many. Raises ServiceError."""
    settings = flow.ready(runtime)
    work.pause()
    provider = discovery.find(runtime, settings.issuer)
    claims = tokens.logout_token(runtime, provider, text, settings.client_id)
    with work.unit():
        _note(settings.issuer, str(claims["jti"]))
        return _end(settings.issuer, _of_token(claims))


def by_browser(runtime: Runtime, issuer: str, sid: str) -> int:
    """End the session that the provider calls ``sid``; returns how many there were. Raises ServiceError."""
    settings = flow.ready(runtime)
    if issuer != settings.issuer or not sid:
        raise Refused(NO_ONE, "another issuer" if sid else "no session")
    with work.unit():
        return _end(settings.issuer, UserSession.sso_sid == sid)


@work.command
def begin_leaving(session_id: int) -> str:
    """Before the session ends: keep its ID token for the way out. Returns a token for the browser, or nothing."""
    row = db.session.get(UserSession, session_id)
    if row is None or not row.id_token_encrypted:
        return ""
    forget()
    token = secrets.token_urlsafe(32)
    db.session.add(
        SsoLeaving(
            token_sha256=_digest(token), user_id=row.user_id, id_token_encrypted=row.id_token_encrypted
        )
    )
    return token


@work.command
def forget() -> None:
    """Delete the ID tokens of those who didn't follow the link in time."""
    db.session.execute(db.delete(SsoLeaving).where(SsoLeaving.created_at < utc_now() - LASTS))


def address(runtime: Runtime, token: str) -> str:
    """Where the provider's own session is ended, for the browser with this token; empty if it has no such page."""
    settings = flow.ready(runtime)
    hint = _hint(token)
    id_token = runtime.vault.decrypt(hint) if hint else ""
    work.pause()
    provider = discovery.find(runtime, settings.issuer)
    page = provider.metadata.get("end_session_endpoint")
    if not page:
        return ""
    asked = {
        **({"id_token_hint": id_token} if id_token else {}),
        "client_id": settings.client_id,
        "post_logout_redirect_uri": runtime.config.public_base_url + BACK,
    }
    return f"{page}{'&' if '?' in page else '?'}{urlencode(asked)}"


@work.command
def _hint(token: str) -> str:
    """The ID token of who left with this token a short time ago, encrypted; once."""
    row = db.session.execute(
        db.delete(SsoLeaving)
        .where(SsoLeaving.token_sha256 == _digest(token), SsoLeaving.created_at >= utc_now() - LASTS)
        .returning(SsoLeaving.id_token_encrypted)
    ).first()
    return str(row.id_token_encrypted) if row else ""


def _of_token(claims: dict[str, Any]) -> ColumnElement[bool]:
    """The sessions that it is about: the one, or of a provider that named none at the sign-in all of the person."""
    sid, subject = claims.get("sid"), claims.get("sub")
    of_person: ColumnElement[bool] = UserSession.sso_subject == subject
    if isinstance(sid, str) and sid:
        one: ColumnElement[bool] = UserSession.sso_sid == sid
        if not isinstance(subject, str) or not subject:
            return one
        return of_person & (one | (UserSession.sso_sid == ""))
    if isinstance(subject, str) and subject:
        return of_person
    raise Refused(NO_ONE, "no subject")


def _end(issuer: str, these: ColumnElement[bool]) -> int:
    rows = list(db.session.scalars(db.select(UserSession).where(UserSession.renew_by.is_not(None), these)))
    for row in rows:
        diary.write(row.user, "user.signed_out", "user", row.user_id, by=issuer)
        db.session.delete(row)
    return len(rows)


def _note(issuer: str, jti: str) -> None:
    """Of several messages with one id, at once or later, the database lets one through. Raises Refused."""
    oldest = utc_now() - LASTS - 2 * timedelta(seconds=tokens.LEEWAY)
    db.session.execute(db.delete(SsoLogout).where(SsoLogout.created_at < oldest))
    key = _digest(f"{issuer} {jti}")
    try:
        with db.session.begin_nested():
            db.session.add(SsoLogout(jti_sha256=key))
    except IntegrityError as error:
        raise Refused(REPLAYED, "replayed") from error


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
