"""Whether the database in the data folder has every migration: most starts need no program to tell."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from migrations.newest import VERSIONS, newest


def is_current(database: Path, versions: Path = VERSIONS) -> bool:
    """True when the SQLite file ``database`` stands at the newest migration; False when that is not sure."""
    if not database.exists():
        return False
    try:
        with closing(sqlite3.connect(database)) as connection:
            found = {row[0] for row in connection.execute("SELECT version_num FROM alembic_version")}
    except sqlite3.Error:
        return False
    return found == newest(versions)
