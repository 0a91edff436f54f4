"""Challenges for passkeys: kept here, for the browser that asked, for one answer and a few minutes."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from webapp.models import PasskeyChallenge, User, db, utc_now
from webapp.services.core import work

LASTS = timedelta(minutes=5)


@dataclass(frozen=True)
class Challenge:
    """What must be signed. ``note``: what was noted with the question."""

    challenge: bytes
    note: str


@work.command
def issue(challenge: bytes, purpose: str, user: User | None, note: str = "") -> str:
    """Keep a challenge. Returns the token for the browser's cookie, which is stored nowhere."""
    db.session.execute(db.delete(PasskeyChallenge).where(PasskeyChallenge.created_at < utc_now() - LASTS))
    token = secrets.token_urlsafe(32)
    db.session.add(
        PasskeyChallenge(
            token_sha256=_digest(token),
            challenge=challenge,
            purpose=purpose,
            user_id=user.id if user else None,
            note=note,
        )
    )
    return token


@work.command
def take(token: str, purpose: str, user: User | None) -> Challenge | None:
    """End the challenge, whatever the answer is worth. None if there is none for ``purpose`` and ``user``."""
    row = db.session.execute(
        db.delete(PasskeyChallenge)
        .where(
            PasskeyChallenge.token_sha256 == _digest(token),
            PasskeyChallenge.purpose == purpose,
            PasskeyChallenge.user_id == (user.id if user else None),
            PasskeyChallenge.created_at >= utc_now() - LASTS,
        )
        .returning(PasskeyChallenge.challenge, PasskeyChallenge.note)
    ).first()
    return Challenge(row.challenge, row.note) if row else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
