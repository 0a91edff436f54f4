"""A whole installation on PostgreSQL that can be broken part by part, and comes back as under systemd."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import requests

from smoke.__main__ import SANDBOX, options
from smoke.admin import PASSWORD, Admin
from smoke.autotask import Credentials, Reader
from smoke.visitor import Visitor
from stack import Stack, StackError
from stack.child import Child, session_members
from tests.support.databases import with_database
from tests.support.postgres import own_server
from tests.support.sandbox import Tenant

ADMIN = "admin@smoke.example"
DATABASE = "chaos"
LOOK_EVERY = 0.1


class Place:
    """``folder``: where everything of it is. ``problems``: parts that couldn't be kept alive."""

    def __init__(self, folder: Path, stack: Stack, postgres: Child, database_url: str) -> None:
        self.folder = folder
        self.stack = stack
        self.postgres = postgres
        self.database_url = database_url
        self.problems: list[str] = []
        self._over = threading.Event()
        self._keepers = [
            threading.Thread(target=each, daemon=True) for each in (self._keep, self._keep_database)
        ]

    @property
    def credentials(self) -> Credentials:
        """How to enter the sandbox."""
        return Credentials(self.stack.autotask_root, **SANDBOX)

    @property
    def tenant(self) -> Tenant:
        """The same Autotask, to break it."""
        return Tenant(self.stack.sandbox_url, SANDBOX["code"], SANDBOX["user"], SANDBOX["secret"])

    def prepare(self) -> None:
        """The first admin, Autotask connected, and its settings live."""
        admin, reader = Admin(self.stack.web_url), Reader(self.credentials)
        admin.set_up(self.stack.setup_token)
        admin.connect(self.credentials)
        admin.prepare_catalogue(reader)
        admin.map_sections()
        # A run is longer than what Autotask's hour allows.
        self.tenant.change(hourlyThreshold=0)

    def keep_alive(self) -> None:
        """From now on, start again whatever ends."""
        for keeper in self._keepers:
            keeper.start()

    def end(self) -> None:
        """Start nothing again any more."""
        self._over.set()
        for keeper in self._keepers:
            if keeper.ident:
                keeper.join(5)

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the database, by a connection of its own. Raises psycopg.Error."""
        with psycopg.connect(self.database_url, connect_timeout=2) as connection:
            return connection.execute(statement, values).fetchall()

    def shows_pages(self) -> bool:
        """Whether a load balancer would send people here."""
        try:
            return requests.get(f"{self.stack.web_url}/readyz?for=web", timeout=2).ok
        except requests.RequestException:
            return False

    def synced(self) -> int | None:
        """How many deliveries to Autotask ended well so far; None while the database is away."""
        query = "SELECT count(*) FROM delivery WHERE reader = 'autotask' AND state = 'done'"
        try:
            return int(self.ask(query)[0][0])
        except psycopg.Error:
            return None

    def sweeper(self) -> int | None:
        """The process that sweeps: the worker's own child that leads no group."""
        worker = self.stack.children["worker"].pid
        for pid in session_members(worker) if worker else []:
            if pid != worker and _parent_and_group(pid) == (worker, worker):
                return pid
        return None

    def restart_worker(self, **variables: str) -> None:
        """Kill the worker; the one that follows gets these variables too."""
        worker = self.stack.children["worker"]
        worker.env = {**self.stack.env, **variables}
        worker.kill()

    def _keep(self) -> None:
        try:
            self.stack.watch()
        except StackError as error:
            self.problems.append(str(error))

    def _keep_database(self) -> None:
        while not self._over.wait(LOOK_EVERY):
            if not self.postgres.running:
                time.sleep(0.5)  # its other processes end by themselves
                self.postgres.start()


def from_elsewhere(visitor: Visitor, number: int) -> None:
    """Let a visitor come from an address of their own, as people do: limits count by address."""
    visitor.session.headers["X-Forwarded-For"] = f"198.51.{number // 250}.{number % 250 + 1}"


def wait(condition: Callable[[], bool], patience: float) -> float | None:
    """Seconds until ``condition()`` was true; None if it wasn't within ``patience`` seconds."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > patience:
            return None
        time.sleep(LOOK_EVERY)
    return time.monotonic() - started


@contextmanager
def installed(folder: Path, *, web_processes: int = 2) -> Iterator[Place]:
    """An installation in ``folder``, prepared, and ended with the block."""
    with ExitStack() as running:
        folder.chmod(0o755)  # PostgreSQL is another user's
        admin_url, postgres = running.enter_context(own_server(folder, keeps=True))
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
        url = with_database(admin_url, DATABASE)
        chosen = options(folder / "data", None)
        environ = {
            **chosen.environ,
            "DATABASE_URL": url,
            "AUTOTASK_TIMEOUT_SECONDS": "5",
            "TRUSTED_PROXIES": "1",
        }
        stack = Stack(replace(chosen, environ=environ, web_processes=web_processes))
        stack.start()
        running.callback(stack.stop)
        place = Place(folder, stack, postgres, url)
        running.callback(place.end)
        place.prepare()
        yield place


def _parent_and_group(pid: int) -> tuple[int, int]:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0, 0
    return int(fields[1]), int(fields[2])


__all__ = ["ADMIN", "PASSWORD", "Place", "from_elsewhere", "installed", "wait"]
