"""Sessions by single sign-on: opened and confirmed. Every refusal is in the diary."""

from __future__ import annotations

import structlog
from sqlalchemy.exc import IntegrityError

from webapp.models import SsoIdentity, UserSession, db, utc_now
from webapp.services.accounts import sessions
from webapp.services.accounts.sessions import BySso, Device
from webapp.services.accounts.sso import ONLY, flow, people
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

# Of an ID token that goes back to the provider in an address.
LONGEST_HINT = 6_000

log = structlog.get_logger(__name__)


def arrive(runtime: Runtime, arrival: Arrival, device: Device) -> tuple[Proof, str]:
    """Open a session, or confirm one; returns the proof and the new session's token. Raises ServiceError."""
    try:
        proof = flow.finish(runtime, arrival)
        with work.unit():
            if proof.confirms is not None:
                _confirm(runtime, proof, proof.confirms)
                return proof, ""
            user = people.find(proof.settings, proof.claims)
            diary.write(user, "user.signed_in", "user", user.id, by=proof.settings.issuer)
            return proof, sessions.start(user, device, sso=_by(runtime, proof))
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


def _confirm(runtime: Runtime, proof: Proof, session_id: int) -> None:
    row = db.session.get(UserSession, session_id)
    identity: SsoIdentity | None = db.session.scalar(
        db.select(SsoIdentity).filter_by(issuer=proof.settings.issuer, subject=proof.claims["sub"])
    )
    if row is None or identity is None or identity.user_id != row.user_id or not identity.user.is_active:
        raise Refused(OTHER_ACCOUNT, "another person", row.user if row else None)
    row.confirmed_at = utc_now()
    if row.renew_by is not None:
        # The provider may have opened another session of its own: that one ends ours from now on.
        new = _by(runtime, proof)
        row.sso_subject, row.sso_sid, row.id_token_encrypted = new.subject, new.sid, new.id_token_encrypted


def _by(runtime: Runtime, proof: Proof) -> BySso:
    hint = proof.id_token if len(proof.id_token) <= LONGEST_HINT else ""
    return BySso(
        utc_now() + proof.settings.session_length,
        str(proof.claims["sub"]),
        str(proof.claims.get("sid") or "")[:255],
        runtime.vault.encrypt(hint) if hint else "",
    )
