"""One, two and four workers and many quotes published at once: how throughput grows, and no duplicate, loss or call
above Autotask's limit of calls at the same time, which all of them share. It runs on PostgreSQL, as a team's desk does.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import results
from bench.desk import matching_lines, open_bench
from stack.child import Child
from stack.options import ROOT
from tests.support.connected_desk import Desk
from tests.support.postgres import own_server
from webapp.models import Delivery, PushRun, db
from webapp.models.delivery import DeliveryState
from webapp.services.delivery import room
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.paper import document

QUOTES = int(os.environ.get("QUOTES") or 100)
# Of each quote.
LINES = int(os.environ.get("LINES") or 3)
LATENCY_MS = 150
WORKERS = tuple(map(int, os.environ.get("WORKERS", "1,2,4").split(",")))
PATIENCE = 900
# Two workers shall be this much faster than one, and four no slower than two, whatever Autotask's limit lets them.
GAIN = 1.5


def main() -> list[str]:
    """Measure, print and save. Returns the missed targets."""
    rows = [_measure(workers) for workers in WORKERS]
    results.save("workers", rows)
    speed = {row["workers"]: row["per_second"] for row in rows}
    one, two, four = (
        speed.get(1, 0),
        speed.get(2, GAIN * speed.get(1, 0)),
        speed.get(4, speed.get(2, 2 * speed.get(1, 0))),
    )
    wrong = [
        f"{name} with {row['workers']}"
        for row in rows
        for name in ("lost", "duplicates", "violations")
        if row[name]
    ]
    return wrong + ["two workers"] * (two < GAIN * one) + ["four workers"] * (four < 0.95 * two)


def _measure(count: int) -> dict[str, Any]:
    """Push all quotes with ``count`` workers."""
    with ExitStack() as stack:
        url, _ = stack.enter_context(own_server())
        desk, env = stack.enter_context(open_bench(url))
        empty = _stored()
        _publish(desk)
        desk.tenant.change(latencyMs=LATENCY_MS, hourlyThreshold=0)
        desk.tenant.forget_calls()
        workers = []
        start = time.perf_counter()
        for number in range(count):
            worker = Child(
                f"worker {number}",
                [sys.executable, str(ROOT / "worker.py")],
                env={**os.environ, **env},
                cwd=ROOT,
                log=Path(env["QUOTEWRIGHT_DATA"]) / f"worker{number}.log",
            )
            worker.start()
            stack.callback(worker.stop, grace=5)
            workers.append(worker)
        done = _wait(start)
        seconds = time.perf_counter() - start
        cpu = sum(_cpu_seconds(worker) for worker in workers)
        stats = desk.tenant.stats()
        desk.tenant.change(latencyMs=0)
        numbers = Counter(row["externalQuoteNumber"] for row in desk.tenant.state()["Quotes"])
        states = Counter(db.session.scalars(db.select(PushRun.state)))
        stored = {
            name: (rows - empty[name][0], size - empty[name][1]) for name, (rows, size) in _stored().items()
        }
        db.session.rollback()
    measured = {
        "workers": count,
        "quotes": QUOTES,
        "seconds": seconds,
        "per_second": done / seconds,
        "lost": QUOTES - done,
        "duplicates": sum(times - 1 for times in numbers.values() if times > 1),
        "calls": stats["total"],
        "violations": stats["threadViolations"],
        "cpu": cpu,
        "cpu_per_quote": cpu / QUOTES,
        "runs": dict(states),
        "rows_per_quote": sum(rows for rows, _ in stored.values()) / QUOTES,
        "bytes_per_quote": sum(size for _, size in stored.values()) / QUOTES,
        "stored": stored,
    }
    print(
        f"{QUOTES} quotes of {LINES} lines, {LATENCY_MS} ms per call, {count} workers: {seconds:.0f} s, "
        f"{measured['per_second']:.2f} quotes per second, {stats['total']} calls, "
        f"{measured['cpu_per_quote']:.2f} s of our CPU a quote; lost {measured['lost']}, duplicates "
        f"{measured['duplicates']}, calls above the limit {measured['violations']}, runs {dict(states)}",
        flush=True,
    )
    largest = sorted(stored, key=lambda name: -stored[name][1])[:6]
    print(
        f"    a quote: {stats['total'] / QUOTES:.1f} calls, {measured['rows_per_quote']:.1f} rows, "
        f"{measured['bytes_per_quote'] / 1000:.1f} kB with indexes, most of it: "
        + ", ".join(f"{name} {stored[name][1] / QUOTES / 1000:.1f} kB" for name in largest),
        flush=True,
    )
    return measured


def _stored() -> dict[str, tuple[int, int]]:
    """Rows and bytes of each table, with its indexes and what is kept beside it."""
    found = {}
    for name in sorted(db.metadata.tables):
        rows = db.session.scalar(db.select(db.func.count()).select_from(db.metadata.tables[name])) or 0
        found[name] = rows, int(db.session.scalar(db.select(db.func.pg_total_relation_size(name))) or 0)
    db.session.rollback()
    return found


def _publish(desk: Desk) -> None:
    for _ in range(QUOTES):
        quote = desk.quote(*matching_lines(desk, LINES))
        revision = publishing.publish(desk.rep, quote.id).revision
        document.pdf_for(revision.id, desk.runtime.config.public_base_url)
    room.nudge(desk.runtime)
    db.session.commit()


def _wait(start: float) -> int:
    """Wait until every push is done or the time is up; returns how many are done."""
    query = db.select(db.func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.DONE)
    while True:
        done = db.session.scalar(query) or 0
        db.session.rollback()
        if done >= QUOTES or time.perf_counter() - start > PATIENCE:
            return done
        time.sleep(0.5)


def _cpu_seconds(worker: Child) -> float:
    """CPU time of a worker and its finished child processes, including the forked jobs."""
    fields = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    raise SystemExit(bool(main()))
