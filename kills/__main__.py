"""``make kills [SEED=...] [N=...] [DATABASE=sqlite|postgres]``: N quotes on each database, and what happened to them.

The exit code is 1 when a quote in Autotask differs from what an undisturbed push writes. The seed draws what people do
and where workers are killed; the moment a kill strikes depends on the machine.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from bench.desk import open_bench
from kills.workers import Workers
from kills.world import World
from tests.support.databases import with_database
from tests.support.postgres import postgres_server

FLOCK = 12


def play(database: str, seed: int, quotes: int) -> World:
    """Play ``quotes`` quotes on one database."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quotewright-kills-")))
        url = ""
        if database == "postgres":
            url = stack.enter_context(_new_postgres())
        settings = {"FAIL_POINTS": str(folder), "AUTOTASK_TIMEOUT_SECONDS": "3"}
        desk, env = stack.enter_context(open_bench(url, **settings))
        logging.getLogger().setLevel(logging.ERROR)
        # A run is longer than what Autotask's hour allows.
        desk.tenant.change(hourlyThreshold=0)
        chance = random.Random(f"{seed}/{database}")  # noqa: S311  no secret
        workers = Workers(env, folder, chance)
        stack.callback(workers.stop)
        world = World(desk, workers, chance, seed)
        for first in range(0, quotes, FLOCK):
            world.play(first, min(FLOCK, quotes - first))
            print(
                f"{database:8} {first + FLOCK:>4} quotes {world.revisions:>5} revisions {workers.total:>5} kills "
                f"{world.emptied:>3} times Redis emptied {len(world.differences):>3} differences",
                flush=True,
            )
        return world


@contextmanager
def _new_postgres() -> Iterator[str]:
    """The address of an empty database, which is dropped afterwards."""
    name = f"kills_{uuid.uuid4().hex}"
    with postgres_server() as url, psycopg.connect(url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            yield with_database(url, name)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def main(environ: dict[str, str]) -> int:
    """Play on every database asked for, and print what was killed and what differs."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    seed = int(environ.get("SEED") or time.time())
    quotes = int(environ.get("N") or 16)
    databases = [environ["DATABASE"]] if environ.get("DATABASE") else ["sqlite", "postgres"]
    print(f"SEED={seed} N={quotes}", flush=True)
    differences = 0
    for database in databases:
        started = time.monotonic()
        world = play(database, seed, quotes)
        print(f"\n{database}: {world.workers.total} kills in {time.monotonic() - started:.0f} s")
        for kind, count in sorted(world.workers.kills.items()):
            print(f"  {count:>5} {kind}")
        differences += len(world.differences)
    print(f"\nSEED={seed}: {differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    raise SystemExit(main(dict(os.environ)))
