"""The lease: one push of a quote at a time, whatever happens to the process that holds it.

The lease is a row with a token and a revision number that only grow. A push of a revision older than one that was taken
up before can't take it, whatever the delivery says: nothing old overwrites something newer. Taking and renewing it are
conditional updates, which work the same on PostgreSQL and SQLite. A holder whose token is outdated has lost the lease
and writes nothing more. Autotask doesn't know the token, so a holder that couldn't renew its lease lately (its process
was paused, or the database is away) makes no call either: the call could take effect long after the lease has expired.

When a lease expires is said by the database's clock alone.
"""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from types import TracebackType

from sqlalchemy import Update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import DBAPIError, IntegrityError

from webapp.models import PushLease, db
from webapp.services.core import clock

# A call starts at most FRESH_SECONDS after a renewal and ends with its time-out (at most 40 s), before HOLD is over.
HOLD = timedelta(seconds=55)
RENEW_SECONDS = 5.0
FRESH_SECONDS = 10.0


class LeaseLost(Exception):
    """Another process has the lease; this one must stop without writing."""


class NewerRevision(Exception):
    """A newer revision of the quote was pushed, or is being pushed; this one is covered by it."""


def take(quote_id: int, holder: str, revision: int | None = None) -> int | None:
    """Take the lease and return its token; None when another process holds it. Commits.

    ``revision``: the number of the revision to push; None for a holder that pushes nothing. Raises NewerRevision.
    """
    if db.session.get(PushLease, quote_id) is None:
        db.session.add(PushLease(quote_id=quote_id, token=0, holder="", expires_at=clock.now()))
        try:
            db.session.commit()
        except IntegrityError:
            db.session.rollback()
    now = clock.now()
    statement = (
        db.update(PushLease)
        .where(PushLease.quote_id == quote_id, PushLease.expires_at <= now)
        .values(token=PushLease.token + 1, holder=holder[:80], expires_at=now + HOLD)
        .execution_options(synchronize_session=False)
    )
    if revision is not None:
        statement = statement.where(PushLease.revision <= revision).values(revision=revision)
    taken = _changed(statement) == 1
    token, newest = db.session.execute(
        db.select(PushLease.token, PushLease.revision).filter_by(quote_id=quote_id)
    ).one()
    db.session.commit()
    if not taken and revision is not None and newest > revision:
        raise NewerRevision
    return int(token) if taken else None


def fence(quote_id: int, token: int) -> None:
    """Renew the lease in the open transaction, so that only the holder can commit it. Raises LeaseLost."""
    statement = (
        db.update(PushLease)
        .where(PushLease.quote_id == quote_id, PushLease.token == token)
        .values(expires_at=clock.now() + HOLD)
        .execution_options(synchronize_session=False)
    )
    if _changed(statement) != 1:
        db.session.rollback()
        raise LeaseLost


def end(quote_id: int, token: int) -> None:
    """Release the lease in the open transaction, so that only the holder can commit it. Raises LeaseLost."""
    if _changed(_released(quote_id, token)) != 1:
        db.session.rollback()
        raise LeaseLost


def release(quote_id: int, token: int) -> None:
    """Release the lease, if it is still ours. Commits."""
    db.session.execute(_released(quote_id, token))
    db.session.commit()


def _released(quote_id: int, token: int) -> Update:
    statement: Update = (
        db.update(PushLease)
        .where(PushLease.quote_id == quote_id, PushLease.token == token)
        .values(expires_at=clock.now(), holder="")
        .execution_options(synchronize_session=False)
    )
    return statement


class Keeper:
    """Renews a lease in its own thread while the block runs, and checks before each call that it is fresh."""

    def __init__(self, quote_id: int, token: int) -> None:
        self._engine = db.engine
        self._statement = db.update(PushLease).where(PushLease.quote_id == quote_id, PushLease.token == token)
        self._renewed = time.monotonic()
        self._lost = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="push-lease", daemon=True)

    def __enter__(self) -> Keeper:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def check(self) -> None:
        """Raise LeaseLost unless the lease was renewed within the last seconds."""
        if self._lost or time.monotonic() - self._renewed > FRESH_SECONDS:
            raise LeaseLost

    def _renew(self) -> None:
        while not self._stop.wait(RENEW_SECONDS):
            started = time.monotonic()
            try:
                with self._engine.begin() as connection:
                    expires_at = clock.now(connection) + HOLD
                    renewed = connection.execute(self._statement.values(expires_at=expires_at)).rowcount
            except DBAPIError:
                continue
            if not renewed:
                self._lost = True
                return
            self._renewed = started


def _changed(statement: Update) -> int:
    """Run an update and return the number of rows."""
    result = db.session.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0
