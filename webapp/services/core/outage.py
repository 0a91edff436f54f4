"""Whether an error means that the database can't serve us just now, and what to tell people then."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# Classes of SQLSTATE: connection exceptions, insufficient resources, operator intervention (a shutdown, a restart).
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_AWAY = ("08", "53", "57P")
_LOCKED, _DISK_FULL = "55P03", "53100"

AWAY = "Quotewright can't reach its database just now. Nothing was changed. Try again in a minute."
BUSY = "Quotewright is busy with somebody else's change. Yours wasn't saved. Try again in a minute."
FULL = "Quotewright's server can't write to its disk. Nothing was changed. Tell your server admin."
IN_DOUBT = (
    "The connection to the database broke while your change was being saved, so it may be saved or not. Go back, "
    "reload the page, and look before you try again."
)


def note_commit(error: BaseException) -> None:
    """Called for an error in a commit: where its answer was lost, nobody knows whether it is stored."""
    if isinstance(error, DBAPIError):
        error.add_note(IN_DOUBT)


def sentence(error: BaseException) -> str:
    """One of the sentences above; empty when ``error`` is something else, such as a bug."""
    if isinstance(error, PoolTimeout):
        return BUSY
    if not isinstance(error, DBAPIError):
        return ""
    return _of_sqlite(error) if isinstance(error.orig, sqlite3.Error) else _of_postgres(error)


def reason(error: BaseException) -> str:
    """What the driver said, in one line, for the log: it names hosts and roles, but no password."""
    text = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return " ".join(text.split())[:300]


def _of_sqlite(error: DBAPIError) -> str:
    said = str(error.orig)
    if "database is locked" in said:
        return BUSY
    if "disk is full" in said or "readonly database" in said or "disk I/O error" in said:
        return FULL
    return AWAY if "unable to open database file" in said else ""


def _of_postgres(error: DBAPIError) -> str:
    state = getattr(error.orig, "sqlstate", None) or ""
    if state == _LOCKED:
        return BUSY
    if state == _DISK_FULL:
        return FULL
    # psycopg gives no state where there was no connection, or where it broke.
    lost = error.connection_invalidated or (isinstance(error.orig, psycopg.OperationalError) and not state)
    if lost or state.startswith(_AWAY):
        return IN_DOUBT if IN_DOUBT in getattr(error, "__notes__", ()) else AWAY
    return ""
