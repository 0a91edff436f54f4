"""One rendering at a time of each document, in all processes: whoever asks meanwhile waits and gets what was stored.

PostgreSQL holds the lock, on a connection of its own: it ends with the process, and no transaction is open meanwhile.
With SQLite there is one web process, where a lock of its own does the same.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError

from webapp.models import db

# Each waits with a thread of the web server; more than so many in a process are turned away.
WAITING = 6
# Another process that takes longer than a rendering may take has stopped: render without it.
SECONDS = 240
# Of so many documents of a process the lock is held or waited for at once: each takes one of its connections, and
# rendering takes another.
DOCUMENTS = 5
# PostgreSQL's code for a lock that it waited for in vain.
LOCK_NOT_AVAILABLE = "55P03"

_locks: dict[str, threading.Lock] = {}
_waiting: dict[str, int] = {}
_guard = threading.Lock()
_room = threading.BoundedSemaphore(DOCUMENTS)


class TooManyWait(Exception):
    """Enough others wait for this document in this process."""


@contextmanager
def one_at_a_time(document: str) -> Iterator[None]:
    """Hold the lock of ``document`` (its kind and key) for the block. Raises TooManyWait."""
    with _in_process(document):
        if db.engine.dialect.name != "postgresql":
            yield
            return
        with _room, _across_processes(document):
            yield


def key_of(document: str) -> int:
    """PostgreSQL's number of the lock."""
    return int.from_bytes(hashlib.sha256(document.encode()).digest()[:8], "big", signed=True)


@contextmanager
def _in_process(document: str) -> Iterator[None]:
    with _guard:
        if _waiting.get(document, 0) > WAITING:
            raise TooManyWait
        _waiting[document] = _waiting.get(document, 0) + 1
        lock = _locks.setdefault(document, threading.Lock())
    try:
        held = lock.acquire(timeout=SECONDS)
        try:
            yield
        finally:
            if held:
                lock.release()
    finally:
        with _guard:
            _waiting[document] -= 1
            if not _waiting[document]:
                del _waiting[document], _locks[document]


@contextmanager
def _across_processes(document: str) -> Iterator[None]:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        usual = connection.exec_driver_sql("SHOW lock_timeout").scalar_one()
        connection.exec_driver_sql(f"SET lock_timeout = '{SECONDS}s'")
        try:
            try:
                connection.exec_driver_sql("SELECT pg_advisory_lock(%s)", (key_of(document),))
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", "") != LOCK_NOT_AVAILABLE:
                    raise
                connection.rollback()
            yield
        finally:
            try:
                connection.exec_driver_sql("SELECT pg_advisory_unlock_all()")
                connection.exec_driver_sql(f"SET lock_timeout = '{usual}'")
            except DBAPIError:
                # The connection goes, and the lock with it.
                connection.invalidate()
