"""Databases of the tests' own: migrated once for each test process, copied for each test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from stack.options import ROOT
from tests.support.postgres import postgres_server
from tests.support.settings import environment


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Which databases a test sees: SQLite; with ``postgres`` PostgreSQL; with ``both_databases`` each in turn."""
    if "database_kind" not in metafunc.fixturenames:
        return
    postgres = pytest.param("postgres", marks=pytest.mark.postgres)
    if metafunc.definition.get_closest_marker("both_databases"):
        metafunc.parametrize("database_kind", ["sqlite", postgres], scope="function")
    elif metafunc.definition.get_closest_marker("postgres"):
        metafunc.parametrize("database_kind", [postgres], scope="function")
    else:
        metafunc.parametrize("database_kind", ["sqlite"], scope="function")


@pytest.fixture(scope="session")
def postgres_admin_url() -> Iterator[str]:
    """The maintenance database of a real PostgreSQL server."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def new_postgres(postgres_admin_url: str) -> Iterator[Callable[[str | None], str]]:
    """Makes a database, empty or a copy of the one named, and returns its address. None is left at the end."""
    with ExitStack() as dropped, psycopg.connect(postgres_admin_url, autocommit=True) as admin:

        def make(template: str | None) -> str:
            name = f"test_{uuid.uuid4().hex}"
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            admin.execute(statement.format(sql.Identifier(name), sql.Identifier(template or "template0")))
            if os.environ.get("TEST_POSTGRES_URL"):
                # Our own server is thrown away as a whole.
                drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                dropped.callback(admin.execute, drop)
            return with_database(postgres_admin_url, name)

        yield make
        # Databases are dropped while the connection is still open.
        dropped.close()


@pytest.fixture
def postgres_url(new_postgres: Callable[[str | None], str]) -> str:
    """A fresh, empty PostgreSQL database."""
    return new_postgres(None)


@pytest.fixture(scope="session")
def migrated_postgres(new_postgres: Callable[[str | None], str]) -> str:
    """The name of a PostgreSQL database with every migration applied, to be copied."""
    url = new_postgres(None)
    migrate(url)
    return _database(url)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every migration applied, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database of this test's own, of the kind its marks ask for."""
    if database_kind == "postgres":
        copy: Callable[[str | None], str] = request.getfixturevalue("new_postgres")
        return copy(request.getfixturevalue("migrated_postgres"))
    return copy_sqlite(request.getfixturevalue("migrated_sqlite"), tmp_path)


def copy_sqlite(migrated: Path, folder: Path) -> str:
    """The address of a copy of the file."""
    path = folder / "quotewright.db"
    shutil.copyfile(migrated, path)
    return f"sqlite:///{path}"


def migrate(url: str) -> None:
    """Run ``flask db upgrade`` on the database at ``url``. Raises RuntimeError with its output."""
    command = [sys.executable, "-m", "flask", "db", "upgrade"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment(DATABASE_URL=url, QUOTEWRIGHT_DATA=os.devnull)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"The migrations failed on {url}:\n{done.stdout}\n{done.stderr}")


def _database(url: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])


def with_database(url: str, name: str) -> str:
    """The address of another database of the same server."""
    address, mark, query = url.partition("?")
    return f"{address.rpartition('/')[0]}/{name}{mark}{query}"
