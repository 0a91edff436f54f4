"""One push of a quote at a time, whatever happens to the process that holds it.

The lease is a row with a token that only grows. Taking it and renewing it are conditional updates, which work the same
on PostgreSQL and SQLite; who finds that the token moved on has lost the lease and writes nothing more.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError

from webapp.models import PushLease, db, utc_now

# Longer than one call with its time-out, so that a living holder never loses it in the middle of one.
HOLD = timedelta(seconds=120)


class LeaseLost(Exception):
    """Another process took over; this one must stop without writing."""


def take(quote_id: int, holder: str) -> int | None:
    """Take the lease and return its token, or None when somebody holds it. Commits."""
    if db.session.get(PushLease, quote_id) is None:
        db.session.add(PushLease(quote_id=quote_id, token=0, holder="", expires_at=utc_now()))
        try:
            db.session.commit()
        except IntegrityError:
            db.session.rollback()
    now = utc_now()
    statement = (
        db.update(PushLease)
        .where(PushLease.quote_id == quote_id, PushLease.expires_at <= now)
        .values(token=PushLease.token + 1, holder=holder[:80], expires_at=now + HOLD)
        .execution_options(synchronize_session=False)
    )
    taken = _changed(statement) == 1
    db.session.commit()
    if not taken:
        return None
    token: int | None = db.session.scalar(db.select(PushLease.token).filter_by(quote_id=quote_id))
    db.session.commit()
    return token


def fence(quote_id: int, token: int) -> None:
    """Prolong the lease in the open transaction, which thereby commits only for its holder. Raises LeaseLost."""
    statement = (
        db.update(PushLease)
        .where(PushLease.quote_id == quote_id, PushLease.token == token)
        .values(expires_at=utc_now() + HOLD)
        .execution_options(synchronize_session=False)
    )
    if _changed(statement) != 1:
        db.session.rollback()
        raise LeaseLost


def release(quote_id: int, token: int) -> None:
    """Give the lease back, if it is still ours. Commits."""
    statement = (
        db.update(PushLease)
        .where(PushLease.quote_id == quote_id, PushLease.token == token)
        .values(expires_at=utc_now(), holder="")
        .execution_options(synchronize_session=False)
    )
    db.session.execute(statement)
    db.session.commit()


def _changed(statement: Update) -> int:
    """Run an update and tell how many rows it met."""
    result = db.session.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0
