"""``make load [MINUTES=10] [REPS=50] [MORE=no]``: reps' mixed traffic on PostgreSQL, then more until something breaks.

Web, worker, database and reps share this machine, so on two cores the reps take some of what they measure. The exit
code is 1 when a target is missed.
"""

from __future__ import annotations

import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from chaos.place import Place, from_elsewhere, installed
from load.reps import Clock, Person
from smoke.admin import PASSWORD, Admin
from smoke.rep import Rep
from stack.child import session_members

P95_SECONDS = 0.25
RUSH_SECONDS = 2.0
# Memory is flat when the second half of the time adds no more than this to what the web server has.
GROWTH = 1.1
STEP_SECONDS = 30.0
MOST = 400


@dataclass(frozen=True)
class Step:
    """``count`` reps for a while: requests, seconds of the middle, the slowest 5 and 1 in a hundred, and shares.

    ``used``: processors that each part used, such as 0.9. ``memory``: MB of the web server after each quarter.
    """

    count: int
    clock: Clock
    seconds: float
    used: dict[str, float]
    memory: list[float] = field(default_factory=list)

    @property
    def all(self) -> list[float]:
        """Every request's seconds, in order."""
        return sorted(one for some in self.clock.seconds.values() for one in some) or [0.0]

    def at(self, share: float) -> float:
        """The seconds that this share of the requests stayed below."""
        return self.all[min(len(self.all) - 1, int(share * len(self.all)))]


def people(place: Place, count: int, before: list[Person]) -> list[Person]:
    """As many reps with accounts, signed in, and with a quote each; those of ``before`` among them."""
    admin = Admin(place.stack.web_url)
    admin.open("/login")
    admin.send(admin.form(having="password"), {"email": "admin@smoke.example", "password": PASSWORD})
    more = []
    for number in range(len(before), count):
        email = f"rep{number}@load.example"
        newcomer = Rep(place.stack.web_url)
        from_elsewhere(newcomer, number)
        newcomer.join(admin.invite(email, "rep"))
        more.append(Person(place.stack.web_url, number, email))
    return [*before, *more]


def rush(everyone: list[Person]) -> list[float]:
    """All sign in at the same moment; how long each waited for the page after it."""
    together, seconds = threading.Barrier(len(everyone)), list[float]()
    with ThreadPoolExecutor(len(everyone)) as pool:
        list(pool.map(lambda one: one.sign_in(together, seconds), everyone))
    return seconds


def begin(everyone: list[Person]) -> None:
    """A quote for each, a few at a time."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: one.begin(), everyone))


def step(place: Place, everyone: list[Person], seconds: float) -> Step:
    """Let them work for ``seconds``."""
    clock, over = Clock(), threading.Event()
    before, memory = _used(place), []
    started = time.monotonic()
    threads = [threading.Thread(target=one.work, args=(clock, over)) for one in everyone]
    for thread in threads:
        thread.start()
    for _ in range(4):
        time.sleep(seconds / 4)
        memory.append(_memory(place))
    over.set()
    took = time.monotonic() - started
    after = _used(place)
    for thread in threads:
        thread.join()
    used = {name: (after[name] - before[name]) / took for name in after}
    return Step(len(everyone), clock, took, used, memory)


def tell(found: Step) -> None:
    """A line for the whole."""
    print(
        f"{found.count:>4} reps {len(found.all) / found.seconds:>7.1f} requests/s "
        + " ".join(f"p{share * 100:.0f} {1000 * found.at(share):>5.0f} ms" for share in (0.5, 0.95, 0.99))
        + f"  errors {len(found.clock.errors)}  web {found.memory[-1]:.0f} MB  processors: "
        + ", ".join(f"{name} {share:.2f}" for name, share in found.used.items()),
        flush=True,
    )
    for sentence in found.clock.errors[:5]:
        print(f"     {sentence}")


def until_it_breaks(place: Place, everyone: list[Person]) -> str:
    """Half as many reps again each time; returns what broke, and why as far as the processors say."""
    while len(everyone) < MOST:
        everyone = people(place, len(everyone) * 3 // 2, everyone)
        new = [one for one in everyone if not one.link]
        rush(new)
        begin(new)
        found = step(place, everyone, STEP_SECONDS)
        tell(found)
        cores = os.cpu_count() or 1
        busiest = max(found.used, key=lambda name: found.used[name])
        why = f"processors {sum(found.used.values()):.1f} of {cores}, most by {busiest} ({found.used[busiest]:.1f})"
        if found.clock.errors:
            return f"errors with {found.count} reps: {found.clock.errors[0]} ({why})"
        if found.at(0.95) > 4 * P95_SECONDS:
            return f"with {found.count} reps one page in twenty takes longer than a second ({why})"
    return f"nothing up to {len(everyone)} reps"


def main(environ: dict[str, str]) -> int:
    """Measure and judge. Returns the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    minutes, count = float(environ.get("MINUTES") or 10), int(environ.get("REPS") or 50)
    with tempfile.TemporaryDirectory(prefix="load-") as folder, installed(Path(folder)) as place:
        everyone = people(place, count, [])
        rushed = rush(everyone)
        print(
            f"{count} sign-ins at once: median {statistics.median(rushed):.2f} s, slowest {max(rushed):.2f} s",
            flush=True,
        )
        begin(everyone)
        found = step(place, everyone, minutes * 60)
        tell(found)
        for what, some in sorted(found.clock.seconds.items()):
            some.sort()
            print(f"     {what:<16} {len(some):>6}  p50 {_ms(some, 0.5)}  p95 {_ms(some, 0.95)}")
        print("     web server's memory by quarter: " + ", ".join(f"{one:.0f} MB" for one in found.memory))
        missed = judge(found, rushed)
        if environ.get("MORE") != "no":
            print(f"broke first: {until_it_breaks(place, everyone)}")
    print("Every target is met." if not missed else "Missed: " + "; ".join(missed))
    return 1 if missed else 0


def judge(found: Step, rushed: list[float]) -> list[str]:
    """The missed targets."""
    checks = {
        f"p95 {1000 * found.at(0.95):.0f} ms, not under 250": found.at(0.95) < P95_SECONDS,
        f"sign-ins at the median {statistics.median(rushed):.1f} s": statistics.median(rushed) < RUSH_SECONDS,
        f"{len(found.clock.errors)} errors": not found.clock.errors,
        f"memory grew from {found.memory[1]:.0f} to {found.memory[3]:.0f} MB": (
            found.memory[3] < GROWTH * found.memory[1]
        ),
    }
    return [sentence for sentence, is_met in checks.items() if not is_met]


def _ms(some: list[float], share: float) -> str:
    return f"{1000 * some[min(len(some) - 1, int(share * len(some)))]:>5.0f} ms"


def _parts(place: Place) -> dict[str, list[int]]:
    """The processes of each part; PostgreSQL's others lead sessions of their own."""
    children = place.stack.children
    found = {name: session_members(children[name].pid or 0) for name in ("web", "worker", "sandbox", "redis")}
    server = place.postgres.pid or 0
    return {**found, "postgres": [server, *_children_of(server)], "reps": [os.getpid()]}


def _used(place: Place) -> dict[str, float]:
    """Seconds of processor time so far, with those of children that ended."""
    return {name: sum(map(_cpu, pids)) for name, pids in _parts(place).items()}


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def _children_of(parent: int) -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    except OSError:
        return []


def _memory(place: Place) -> float:
    """MB of the web server, with what its processes share counted once."""
    total = 0
    for pid in _parts(place)["web"]:
        try:
            found = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in found.splitlines() if line.startswith("Pss:"))
    return total / 1024


if __name__ == "__main__":
    raise SystemExit(main(dict(os.environ)))
