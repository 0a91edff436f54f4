"""Ways in for who is already close: Redis, files, logs, the database, and what pages say."""

from __future__ import annotations

import json
import pickle
import re
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from redis import Redis

from audit.world import World
from smoke.__main__ import SANDBOX
from smoke.admin import PASSWORD
from smoke.visitor import Visitor

FORGED = "2026-01-01T00:00:00Z [info     ] user.signed_in user_id=1"
PAGES_AT_MOST = 120
EVERYONE = stat.S_IRWXG | stat.S_IRWXO


class _Touch:
    """Unpickling it makes a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path(self.path),)


def jobs(world: World) -> Iterator[str]:
    """Put jobs into Redis that name other functions or are pickled: none runs."""
    trace = world.stack.options.data / "a-job-ran"
    foreign = json.dumps(["os.mkdir", None, [str(trace)], {}]).encode()
    with Redis.from_url(world.stack.redis_url) as redis:
        for number, data in enumerate((foreign, pickle.dumps(_Touch(str(trace))))):
            values: dict[Any, Any] = {"data": data, "status": "queued", "origin": "pushes", "timeout": "30"}
            redis.hset(
                f"rq:job:strange{number}", mapping={**values, "created_at": "2026-01-01T00:00:00.000000Z"}
            )
            redis.rpush("rq:queue:pushes", f"strange{number}")
        world.work_off_queues()
        if redis.llen("rq:queue:pushes"):
            yield "the worker left strange jobs in the queue"
    if trace.exists():
        yield "a job from Redis ran code of its own"
    if world.stack.redis_url.startswith("unix:"):
        socket = Path(world.stack.redis_url.removeprefix("unix://").partition("?")[0])
        if socket.stat().st_mode & EVERYONE:
            yield "others on this machine can open the socket of Redis"
    else:
        yield f"Redis listens on the network: {world.stack.redis_url}"


def files(world: World) -> Iterator[str]:
    """Read the database, the keys and the logs as another user of the machine."""
    data = world.stack.options.data
    if data.stat().st_mode & EVERYONE:
        yield f"the data folder has the mode {stat.filemode(data.stat().st_mode)}"
    for path in sorted(data.rglob("*")):
        ours = path.name.startswith("quotewright.kept")
        if not ours and path.is_file() and path.stat().st_mode & EVERYONE:
            yield f"{path.relative_to(data)} has the mode {stat.filemode(path.stat().st_mode)}"


def forged_log(world: World) -> Iterator[str]:
    """Put a line of one's own into the log."""
    for text in (f"x%0a{FORGED}", f"x%0d%0a{FORGED}", f"x%e2%80%a8{FORGED}"):
        requests.get(f"{world.stack.web_url}/q/{text}", headers={"User-Agent": f"x {FORGED}"}, timeout=60)
        visitor = Visitor(world.stack.web_url)
        visitor.session.post(f"{visitor.base_url}/login", data={"email": f"a\n{FORGED}"}, timeout=60)
    for log in (world.stack.options.data / "logs").glob("*.log"):
        if any(line.startswith(FORGED) for line in log.read_text("utf-8", "replace").splitlines()):
            yield f"{log.name} has a forged line"


def secrets(world: World) -> Iterator[str]:
    """Look for passwords and credentials on every page, in the logs, and in the database."""
    hidden = {
        "the API secret": SANDBOX["secret"],
        "a password": PASSWORD,
        "the setup token": world.stack.setup_token,
    }
    for address, page in _pages(world.owner):
        for name, secret in hidden.items():
            if secret in page:
                yield f"{name} is on {address}"
    data = world.stack.options.data
    for path in (*(data / "logs").glob("*.log"), world.database, *data.glob("quotewright.db-wal")):
        if "sandbox" in path.name:
            continue
        content = path.read_bytes()
        for name, secret in hidden.items():
            if secret.encode() in content:
                yield f"{name} is in {path.name}"


def changed_diary(world: World) -> Iterator[str]:
    """Change and delete entries of the audit trail with the product's own access to the database."""
    for statement in ("update diary_entry set actor = 'nobody'", "delete from diary_entry"):
        try:
            world.do(statement)
        except sqlite3.DatabaseError as error:
            if "diary" not in str(error).lower():
                yield f"“{statement}” failed for another reason: {error}"
        else:
            yield f"“{statement}” was done"


def _pages(visitor: Visitor) -> Iterator[tuple[str, str]]:
    """The pages that links lead to, one of each kind."""
    waiting, seen = ["/"], set[str]()
    while waiting and len(seen) < PAGES_AT_MOST:
        address = waiting.pop(0)
        kind = re.sub(r"\d+", "#", address.partition("?")[0])
        if kind in seen or "logout" in address:
            continue
        seen.add(kind)
        answer = visitor.session.get(f"{visitor.base_url}{address}", timeout=60)
        yield address, answer.text
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            found = re.findall(r' (?:href|hx-get)="(/[^"#]*)"', answer.text)
            waiting += [link.replace("&amp;", "&") for link in found if not link.startswith("/static/")]


ATTACKS = (jobs, files, forged_log, secrets, changed_diary)
