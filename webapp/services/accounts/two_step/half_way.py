"""A sign-in between its two steps: a row for a short time, which opens nothing but the second step.

Without the second step, or after a change of the password, the role or what the person has for it, it is worth nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from webapp.models import PendingSignIn, User, db, utc_now
from webapp.services.accounts.two_step import factors, policy
from webapp.services.core import work
from webapp.services.core.errors import ServiceError

LASTS = timedelta(minutes=15)
ENDED = "Your sign-in took too long, or was used already. Sign in again."


class Ended(ServiceError):
    """The first step has to be taken again."""


def is_needed(user: User) -> bool:
    """True if a password alone doesn't sign ``user`` in."""
    return factors.has(user) or policy.is_due(user)


@work.command
def begin(user: User, epoch: int, *, keep: bool) -> str:
    """``user`` took the first step. Returns the token for the browser's cookie, which is stored nowhere."""
    db.session.execute(db.delete(PendingSignIn).where(PendingSignIn.created_at < utc_now() - LASTS))
    token = secrets.token_urlsafe(32)
    db.session.add(PendingSignIn(token_sha256=_digest(token), user_id=user.id, epoch=epoch, is_kept=keep))
    return token


def find(token: str) -> PendingSignIn:
    """The sign-in with this token. Raises Ended with a sentence."""
    query = db.select(PendingSignIn).filter_by(token_sha256=_digest(token))
    row: PendingSignIn | None = db.session.scalar(
        query.options(db.joinedload(PendingSignIn.user)).execution_options(populate_existing=True)
    )
    if row is None or utc_now() - row.created_at > LASTS:
        raise Ended(ENDED)
    if not row.user.is_active or row.epoch != row.user.session_epoch:
        raise Ended(ENDED)
    return row


def end(row: PendingSignIn) -> None:
    """In the open transaction: the second step was taken. Raises Ended if it was at the same moment already."""
    ended = db.session.execute(
        db.delete(PendingSignIn).where(PendingSignIn.id == row.id).returning(PendingSignIn.id)
    )
    if ended.first() is None:
        raise Ended(ENDED)
    db.session.expunge(row)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
