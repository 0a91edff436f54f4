"""Whether the database in the data folder has every migration: most starts need no program to tell."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from stack.options import ROOT

VERSIONS = ROOT / "migrations" / "versions"
_REVISION = re.compile(r"^revision\b[^=]*=\s*[\"']([^\"']+)[\"']", re.MULTILINE)
_BEFORE = re.compile(r"^down_revision\b[^=]*=\s*[\"']([^\"']+)[\"']", re.MULTILINE)


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


def newest(versions: Path) -> set[str]:
    """The migrations that no other one follows."""
    texts = [path.read_text(encoding="utf-8") for path in versions.glob("*.py")]
    followed = {name for text in texts for name in _BEFORE.findall(text)}
    return {name for text in texts for name in _REVISION.findall(text)} - followed
