"""What breaks. Each fault is over when its function returns; what comes back then is measured by whoever called it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from chaos.place import Place, wait
from stack.options import ROOT

PASSWORD = "not the one that the product has"  # noqa: S105  made up for a few seconds
GARBAGE = ("html", "truncated", "errors_with_200", "500", "503", "cut_after_commit", "429")
AN_HOUR = "3600"


def web(place: Place, _chance: Random) -> None:
    """kill -9 of the web server with all its processes."""
    place.stack.children["web"].kill()


def worker(place: Place, _chance: Random) -> None:
    """kill -9 of the worker, its sweeper and the job that it does."""
    place.stack.children["worker"].kill()


def sweeper(place: Place, _chance: Random) -> None:
    """kill -9 of the sweeper alone; over when another one sweeps."""
    before = place.sweeper()
    if before is None:
        return
    with suppress(ProcessLookupError):
        os.kill(before, signal.SIGKILL)
    if wait(lambda: place.sweeper() not in (None, before), 90) is None:
        place.problems.append(
            "Nothing sweeps any more: 90 s after the sweeper was killed there is no other one."
        )


def redis(place: Place, _chance: Random) -> None:
    """kill -9 of Redis."""
    place.stack.children["redis"].kill()


def postgres(place: Place, _chance: Random) -> None:
    """kill -9 of PostgreSQL."""
    place.postgres.kill()


def sandbox(place: Place, _chance: Random) -> None:
    """kill -9 of Autotask's stand-in."""
    place.stack.children["sandbox"].kill()


def emptied(place: Place, _chance: Random) -> None:
    """Redis loses everything."""
    with Redis.from_url(place.stack.redis_url) as client, suppress(RedisError):
        client.flushall()


def password(place: Place, chance: Random) -> None:
    """Redis wants another password than the one that the product has, for some seconds."""
    with Redis.from_url(place.stack.redis_url) as client:
        try:
            client.config_set("requirepass", PASSWORD)
            client.execute_command("AUTH", PASSWORD)
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            time.sleep(chance.uniform(3, 8))
        finally:
            with Redis.from_url(place.stack.redis_url, password=PASSWORD) as again:
                again.config_set("requirepass", "")


def locked(place: Place, chance: Random) -> None:
    """Someone holds a lock on quotes and deliveries, sometimes longer than the product waits."""
    with suppress(psycopg.Error), psycopg.connect(place.database_url) as connection:
        connection.execute("LOCK TABLE quote, delivery IN ACCESS EXCLUSIVE MODE")
        time.sleep(chance.choice((4, 8, 22)))


def garbage(place: Place, chance: Random) -> None:
    """Autotask answers with something else, for a dozen calls."""
    with suppress(OSError):
        for kind in chance.sample(GARBAGE, 3):
            place.tenant.add_fault(kind=kind, times=4, probability=0.5, seed=chance.randint(1, 10**6))
        time.sleep(chance.uniform(3, 6))
        place.tenant._ask("DELETE", "/faults")  # noqa: SLF001  the tests' own


def clock(place: Place, chance: Random) -> None:
    """The worker's clock is an hour ahead for some seconds: of its processes alone, not the machine's."""
    path = f"{ROOT / 'chaos' / 'skew'}"
    place.restart_worker(PYTHONPATH=path, CHAOS_CLOCK=AN_HOUR)
    time.sleep(chance.uniform(12, 16))
    place.restart_worker()


def disk(place: Place, chance: Random) -> None:
    """The file system with the database, Redis' file and the logs is full for some seconds."""
    filler = place.folder / "filler"
    try:
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"\0" * 65536)
        time.sleep(chance.uniform(4, 8))
    finally:
        filler.unlink(missing_ok=True)


Fault = Callable[[Place, Random], None]
NAMES: dict[str, Fault] = {
    "web": web,
    "worker": worker,
    "sweeper": sweeper,
    "redis": redis,
    "postgres": postgres,
    "sandbox": sandbox,
    "emptied": emptied,
    "password": password,
    "locked": locked,
    "garbage": garbage,
    "clock": clock,
    "disk": disk,
}


def is_own_disk(folder: Path) -> bool:
    """True where ``folder`` is a small file system of its own, which may be filled."""
    there, above = os.statvfs(folder), folder.parent.stat().st_dev
    return folder.stat().st_dev != above and there.f_frsize * there.f_blocks < 2 * 1024**3
