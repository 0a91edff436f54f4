"""Schedules run once for all workers: each turn is a row of the database that one process takes.

Owns its transactions: a turn is taken before its work begins. Whoever dies after that loses this turn only, and what it
didn't do is still due at the next one.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError

from webapp.models import Turn, db
from webapp.services.core import clock, work


def take(name: str, every: timedelta) -> bool:
    """True for one process of all, if the last turn was taken at least ``every`` ago. Commits."""
    with work.reading():
        now = clock.now()
        last = db.session.scalar(db.select(Turn.taken_at).filter_by(name=name))
        work.pause()
        if last is not None and last > now - every:
            return False
    if last is None:
        return _first(name, now)
    # Only one statement finds the row as it was: PostgreSQL lets the others wait for it, and look again.
    statement = db.update(Turn).where(Turn.name == name, Turn.taken_at <= now - every).values(taken_at=now)
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    db.session.commit()
    return isinstance(result, CursorResult) and result.rowcount == 1


def _first(name: str, now: object) -> bool:
    db.session.add(Turn(name=name, taken_at=now))
    try:
        db.session.commit()
    except IntegrityError:  # another process was first
        db.session.rollback()
        return False
    return True
