"""Two workers and many quotes published at once: no duplicates, no losses, and where the time goes."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from bench import results
from bench.desk import matching_lines, open_bench
from stack.child import Child
from stack.options import ROOT
from tests.support.connected_desk import Desk
from webapp.models import Delivery, PushRun, db
from webapp.models.delivery import DeliveryState
from webapp.services.delivery import room
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.paper import document

QUOTES = 200
LINES = 3
LATENCY_MS = 150
WORKERS = 2
PATIENCE = 900


def main() -> list[str]:
    """Measure, print and save. Returns the missed targets."""
    with open_bench() as (desk, env), ExitStack() as stack:
        _publish(desk)
        desk.tenant.change(latencyMs=LATENCY_MS)
        desk.tenant.forget_calls()
        workers = []
        start = time.perf_counter()
        for number in range(WORKERS):
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
        db.session.rollback()
    measured = {
        "quotes": QUOTES,
        "seconds": seconds,
        "lost": QUOTES - done,
        "duplicates": sum(count - 1 for count in numbers.values() if count > 1),
        "calls": stats["total"],
        "violations": stats["threadViolations"],
        "waited_for_autotask": stats["total"] * LATENCY_MS / 1000,
        "cpu": cpu,
        "cpu_share": cpu / (seconds * WORKERS),
        "runs": dict(states),
    }
    print(
        f"{QUOTES} quotes of {LINES} lines, {WORKERS} workers, {LATENCY_MS} ms per call: {seconds:.0f} s, "
        f"{QUOTES / seconds:.2f} quotes per second, {stats['total']} calls"
    )
    print(
        f"lost {measured['lost']}, duplicates {measured['duplicates']}, calls above the thread limit "
        f"{measured['violations']}, runs {dict(states)}"
    )
    print(f"our CPU: {cpu:.1f} s, {100 * measured['cpu_share']:.0f}% of the workers' time")
    results.save("workers", measured)
    wrong = [name for name in ("lost", "duplicates", "violations") if measured[name]]
    return wrong + ["limited by our CPU"] * (measured["cpu_share"] > 0.5)


def _publish(desk: Desk) -> None:
    for _ in range(QUOTES):
        quote = desk.quote(*matching_lines(desk, LINES))
        document.pdf_for(publishing.publish(desk.rep, quote.id).revision.id)
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
