"""Two web processes and two workers on one SQLite file under load: nobody is told that the database is locked.

Reps who wait for nothing create, change and publish quotes for a minute while the workers push them.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import ParamSpec, TypeVar

from bench import results
from smoke.__main__ import SANDBOX
from smoke.admin import PASSWORD, Admin
from smoke.autotask import Credentials, Reader
from smoke.rep import Customer, Rep
from smoke.visitor import Stuck
from smoke.wanted import Line
from stack import Options, Stack
from stack.child import Child
from stack.parts import Parts

P = ParamSpec("P")
R = TypeVar("R")
SECONDS = 60.0
REPS = 12
PATIENCE = 300.0
LOCKED = "database is locked"
ADMIN = "admin@smoke.example"


class Desk:
    """What the reps did together."""

    def __init__(self) -> None:
        self.published: list[int] = []
        self.stuck: list[str] = []
        self.seconds: list[float] = []

    def timed(self, act: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do it, and keep how long it took."""
        started = time.perf_counter()
        done = act(*args, **kwargs)
        self.seconds.append(time.perf_counter() - started)
        return done


def main() -> list[str]:
    """Measure, print and save. Returns the missed targets."""
    with tempfile.TemporaryDirectory(prefix="quotewright-locks-") as folder:
        options = Options(data=Path(folder), port=0, sandbox_port=0, seed=False, web_processes=2)
        with Stack(options) as stack:
            reader = _prepare(stack)
            second = _second_worker(stack)
            desk = _work(stack.web_url)
            landed = _wait(reader, desk.published)
            second.stop(grace=20)
        logs = "".join(path.read_text(errors="replace") for path in Path(folder, "logs").glob("*.log"))
    locked = logs.count(LOCKED) + sum(LOCKED in sentence for sentence in desk.stuck)
    measured = {
        "reps": REPS,
        "requests_timed": len(desk.seconds),
        "median_seconds": statistics.median(desk.seconds),
        "p95_seconds": statistics.quantiles(desk.seconds, n=20)[-1],
        "published": len(desk.published),
        "landed": landed,
        "stuck": desk.stuck,
        "locked": locked,
    }
    print(
        f"{REPS} reps, 2 web processes, 2 workers, {SECONDS:.0f} s: {len(desk.published)} revisions published, "
        f"{landed} of {len(set(desk.published))} quotes landed"
    )
    print(
        f"a step took {measured['median_seconds']:.2f} s at the median, {measured['p95_seconds']:.2f} s at p95; "
        f"{len(desk.stuck)} reps were stopped, “{LOCKED}” {locked} times"
    )
    for sentence in desk.stuck:
        print(f"  {sentence}")
    results.save("locks", measured)
    missed = [name for name in ("stuck", "locked") if measured[name]]
    return missed + ["lost quotes"] * (landed < len(set(desk.published)))


def _prepare(stack: Stack) -> Reader:
    credentials = Credentials(stack.autotask_root, **SANDBOX)
    admin, reader = Admin(stack.web_url), Reader(credentials)
    admin.set_up(stack.setup_token)
    admin.connect(credentials)
    admin.prepare_catalogue(reader)
    admin.map_sections()
    return reader


def _second_worker(stack: Stack) -> Child:
    parts = Parts(stack.options, web_url=stack.web_url, redis_url=stack.redis_url)
    parts.env = stack.env
    worker = parts.worker()
    worker.log = worker.log.with_name("worker-2.log")
    worker.start()
    return worker


def _work(address: str) -> Desk:
    desk, end = Desk(), time.monotonic() + SECONDS
    reps = [threading.Thread(target=_one_rep, args=(address, number, desk, end)) for number in range(REPS)]
    for rep in reps:
        rep.start()
    for rep in reps:
        rep.join()
    return desk


def _one_rep(address: str, number: int, desk: Desk, end: float) -> None:
    rep, turn = Rep(address), 0
    try:
        rep.open("/login")
        rep.send(rep.form(having="password"), {"email": ADMIN, "password": PASSWORD})
        while time.monotonic() < end:
            turn += 1
            mark = f"{number}-{turn}"
            customer = Customer(f"Locks {mark} Ltd", "Lee", f"Load {mark}", f"lee@{mark}.example")
            desk.timed(rep.start_quote, customer)
            line = Line(f"Box {mark}", Decimal(2), Decimal("19.99"))
            for _ in range(3):
                desk.timed(rep.add_line, line, "")
            desk.published.append(desk.timed(rep.publish))
            desk.timed(rep.change_line, 0, replace(line, quantity=Decimal(5)))
            desk.published.append(desk.timed(rep.publish))
    except Stuck as stuck:
        desk.stuck.append(f"rep {number}, round {turn}: {stuck}")


def _wait(reader: Reader, published: list[int]) -> int:
    """How many of the quotes Autotask holds as last published, after waiting for the rest."""
    wanted, deadline = {str(number) for number in published}, time.monotonic() + PATIENCE
    while True:
        landed = {str(row.get("externalQuoteNumber")) for row in reader.query("Quotes")}
        if wanted <= landed or time.monotonic() > deadline:
            return len(wanted & landed)
        time.sleep(1)


if __name__ == "__main__":
    raise SystemExit(bool(main()))
