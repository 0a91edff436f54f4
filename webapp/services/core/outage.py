"""Whether an error means that the database can't serve us just now."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# Classes of SQLSTATE: connection exceptions, insufficient resources, operator intervention (a shutdown, a restart).
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_AWAY = ("08", "53", "57P")
_LOCKED = "55P03"

AWAY = "Quotewright can't reach its database just now. Nothing was changed. Try again in a minute."
BUSY = "Quotewright is busy with somebody else's change. Yours wasn't saved. Try again in a minute."


def sentence(error: BaseException) -> str:
    """What to tell people: ``AWAY``, ``BUSY``, or empty when ``error`` is something else."""
    if isinstance(error, PoolTimeout):
        return BUSY
    if not isinstance(error, DBAPIError):
        return ""
    state = getattr(error.orig, "sqlstate", None)
    if state == _LOCKED or "database is locked" in str(error.orig):
        return BUSY
    if error.connection_invalidated or (state or "").startswith(_AWAY):
        return AWAY
    # psycopg gives no state where there was no connection; SQLite none at all.
    lost = isinstance(error, OperationalError | InterfaceError) and state is None
    return AWAY if lost and "no such" not in str(error.orig) else ""
