"""Sessions by single sign-on: opened, confirmed, and ended by the provider. Every refusal is in the diary."""

from __future__ import annotations

from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError

from webapp.models import SsoIdentity, UserSession, db, utc_now
from webapp.services.accounts import sessions
from webapp.services.accounts.sessions import BySso, Device
from webapp.services.accounts.sso import ONLY, discovery, flow, people, tokens
from webapp.services.accounts.sso import settings as sso_settings
from webapp.services.accounts.sso.flow import Arrival, Proof
from webapp.services.accounts.sso.people import Refused
from webapp.services.core import work
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime
from webapp.services.diary import diary

OTHER_ACCOUNT = (
    "You signed in at the provider as someone else, so nothing was confirmed. Use the account you're signed in with "
    "here."
)

log = structlog.get_logger(__name__)


def arrive(runtime: Runtime, arrival: Arrival, device: Device) -> tuple[Proof, str]:
    """Open a session, or confirm one; returns the proof and the new session's token. Raises ServiceError."""
    try:
        proof = flow.finish(runtime, arrival)
        with work.unit():
            if proof.confirms is not None:
                _confirm(proof, proof.confirms)
                return proof, ""
            user = people.find(proof.settings, proof.claims)
            diary.write(user, "user.signed_in", "user", user.id, by=proof.settings.issuer)
            return proof, sessions.start(user, device, sso=_by(proof))
    except IntegrityError as error:
        # The same person for the first time, in two browsers at the same moment.
        again = Refused(flow.TWICE, "at the same moment")
        note_refusal(again, device.address, in_diary=True)
        raise again from error
    except ServiceError as error:
        note_refusal(error, device.address, in_diary=bool(arrival.browser))
        raise


def note_refusal(error: ServiceError, address: str, *, in_diary: bool) -> None:
    """Log a refusal; and ``in_diary``, if it's of a browser that was sent to the provider from here."""
    reason, user = getattr(error, "reason", "unavailable"), getattr(error, "user", None)
    log.warning("single_sign_on.refused", address=address, reason=reason, user=user.id if user else None)
    if in_diary:
        _write_refusal(reason, str(error), user.id if user else None)


@work.command
def _write_refusal(reason: str, sentence: str, user_id: int | None) -> None:
    diary.write(
        None, "single_sign_on.refused", "single_sign_on", ONLY, reason=reason, sentence=sentence, user=user_id
    )


def end_by_provider(runtime: Runtime, text: str) -> int:
    """End the sessions that the provider's back-channel logout names; returns how many. Raises ServiceError."""
    settings = sso_settings.load(runtime)
    if not settings.is_ready:
        raise Refused(flow.NOT_SET_UP, "not set up")
    work.pause()
    provider = discovery.find(runtime, settings.issuer)
    claims = tokens.logout_token(runtime, provider, text, settings.client_id)
    return _end(settings.issuer, claims)


@work.command
def _end(issuer: str, claims: dict[str, Any]) -> int:
    sid, subject = claims.get("sid"), claims.get("sub")
    query = db.select(UserSession).where(UserSession.renew_by.is_not(None))
    if isinstance(sid, str) and sid:
        query = query.where(UserSession.sso_sid == sid)
    elif isinstance(subject, str) and subject:
        query = query.where(UserSession.sso_subject == subject)
    else:
        raise Refused("The token names no one.", "no subject")
    rows = list(db.session.scalars(query))
    for row in rows:
        diary.write(row.user, "user.signed_out", "user", row.user_id, by=issuer)
        db.session.delete(row)
    return len(rows)


def _confirm(proof: Proof, session_id: int) -> None:
    row = db.session.get(UserSession, session_id)
    identity: SsoIdentity | None = db.session.scalar(
        db.select(SsoIdentity).filter_by(issuer=proof.settings.issuer, subject=proof.claims["sub"])
    )
    if row is None or identity is None or identity.user_id != row.user_id or not identity.user.is_active:
        raise Refused(OTHER_ACCOUNT, "another person", row.user if row else None)
    row.confirmed_at = utc_now()


def _by(proof: Proof) -> BySso:
    return BySso(
        utc_now() + proof.settings.session_length,
        str(proof.claims["sub"]),
        str(proof.claims.get("sid") or "")[:255],
    )
