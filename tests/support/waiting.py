"""Waiting for something to become true, by looking instead of by sleeping a guessed time."""

from __future__ import annotations

import time
from collections.abc import Callable

import sqlalchemy as sa


def wait_for(condition: Callable[[], object], what: str, timeout: float = 20.0) -> None:
    """Return as soon as ``condition()`` is true. Fails the test after ``timeout`` seconds, naming ``what``."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"Waited {timeout:.0f} seconds in vain for: {what}"
        time.sleep(0.02)


def blocked_sessions(watcher: sa.Connection) -> int:
    """How many sessions of PostgreSQL wait for a lock in this database."""
    waiting: int = watcher.scalar(
        sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
    )
    watcher.rollback()
    return waiting
