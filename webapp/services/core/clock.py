"""The time that all processes share: the database's. Hosts' own clocks differ; leases and due times may not."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy.engine import Connection

from webapp.models import db, utc_now
from webapp.models.types import UtcDateTime


def now(connection: Connection | None = None) -> datetime:
    """The database's time, aware, in UTC. SQLite has none of its own: it is on this machine.

    ``connection``: for a thread without a session.
    """
    dialect = connection.dialect if connection is not None else db.engine.dialect
    if dialect.name != "postgresql":
        return utc_now()
    query = db.select(db.func.clock_timestamp(type_=UtcDateTime()))
    value = connection.scalar(query) if connection is not None else db.session.scalar(query)
    return cast(datetime, value)
