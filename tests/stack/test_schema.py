"""A start skips the migrations only when the database certainly has all of them."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from migrations.newest import VERSIONS, newest
from stack import schema


@pytest.fixture
def database(migrated_sqlite: Path, tmp_path: Path) -> Path:
    """A database with every migration."""
    return Path(shutil.copyfile(migrated_sqlite, tmp_path / "quotewright.db"))


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """A copy of the migrations."""
    return Path(shutil.copytree(VERSIONS, tmp_path / "versions"))


def test_a_migrated_database_is_current(database: Path) -> None:
    assert schema.is_current(database)


def test_a_new_migration_makes_it_outdated(database: Path, versions: Path) -> None:
    (last,) = newest(versions)
    assert schema.is_current(database, versions)
    (versions / "next.py").write_text(f'revision: str = "next"\ndown_revision: str | None = "{last}"\n')
    assert not schema.is_current(database, versions)


def test_two_branches_make_it_unsure(database: Path, versions: Path) -> None:
    (versions / "other.py").write_text('revision = "other"\ndown_revision = "0001"\n')
    assert not schema.is_current(database, versions)


@pytest.mark.parametrize("content", [None, b"", b"this is no database at all" * 100])
def test_what_is_no_migrated_database_is_not_current(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "quotewright.db"
    if content is not None:
        path.write_bytes(content)
    assert not schema.is_current(path)


def test_a_database_of_a_later_version_is_not_current(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'of the future'")
        connection.commit()
    assert not schema.is_current(database)
