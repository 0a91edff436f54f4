"""``make chaos [SECONDS=300] [SEED=...] [REPS=5] [FAULTS=web,redis]``: break things at random under load, and check.

All of it is on this machine's loopback and unix sockets, in a folder that goes away, and it ends by itself. The exit
code is 1 when something that was confirmed to a person is lost or late, or something is twice in Autotask.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random

from chaos import check, faults, reps
from chaos.place import Place, installed, wait

PATIENCE = 150.0
# A dead worker's last push is taken on when its lease and claim are over.
LANDING = 300.0
OWN_DISK = "CHAOS_DISK"
SIZE = "900m"


@dataclass(frozen=True)
class Blow:
    """One fault: seconds that it lasted, and until pages and pushes were back after it. None: not within patience."""

    name: str
    lasted: float
    pages: float | None
    pushes: float | None


def play(
    place: Place, seconds: float, seed: int, count: int, names: list[str]
) -> tuple[list[Blow], reps.Ledger]:
    """Break one thing after the other while reps work, for ``seconds``; each kind once before any comes again."""
    chance, ledger, over = Random(f"{seed}/faults"), reps.Ledger(), threading.Event()  # noqa: S311  no secret
    workers = reps.start(place.stack.web_url, ledger, over, count, seed)
    blows: list[Blow] = []
    deck: list[str] = []
    try:
        wait(lambda: ledger.confirmed > 0, PATIENCE)
        end = time.monotonic() + seconds
        while time.monotonic() < end and not place.problems:
            deck = deck or chance.sample(names, len(names))
            blow = _strike(place, deck.pop(), chance)
            blows.append(blow)
            print(_line(blow.name, blow.lasted, _seconds(blow.pages), _seconds(blow.pushes)), flush=True)
            time.sleep(min(chance.uniform(1, 4), max(0.0, end - time.monotonic())))
    finally:
        over.set()
        for worker in workers:
            worker.join(60)
    return blows, ledger


def _strike(place: Place, name: str, chance: Random) -> Blow:
    started = time.monotonic()
    faults.NAMES[name](place, chance)
    lasted = time.monotonic() - started
    pages = wait(place.shows_pages, PATIENCE)
    wait(lambda: place.synced() is not None, PATIENCE)
    before = place.synced() or 0
    pushes = wait(lambda: (place.synced() or 0) > before, PATIENCE)
    return Blow(name, lasted, pages, None if pushes is None or pages is None else pages + pushes)


def report(place: Place, blows: list[Blow], ledger: reps.Ledger) -> int:
    """Wait until all has landed, print what was found, and return the number of faults of the product."""
    landed = wait(lambda: check.unfinished(place) == 0, LANDING)
    wrong = {
        "parts that stayed down": place.problems,
        "confirmed, and lost": check.lost(place, ledger.quotes),
        "waits for a person": check.parked(place),
        "unexpected answers": ledger.bugs,
        "not back in time": [f"{blow.name}" for blow in blows if blow.pages is None or blow.pushes is None],
    }
    wrong["not in Autotask as confirmed"], wrong["twice in Autotask"] = check.in_autotask(
        place, ledger.quotes
    )
    if landed is None:
        wrong["still on its way after 5 minutes"] = [f"{check.unfinished(place)} syncs"]
    print("\n" + _line("fault", "times", "pages", "slowest", "syncs", "slowest"))
    kinds: dict[str, list[Blow]] = defaultdict(list)
    for blow in blows:
        kinds[blow.name].append(blow)
    for name, some in sorted(kinds.items()):
        pages = [blow.pages for blow in some if blow.pages is not None] or [PATIENCE]
        pushes = [blow.pushes for blow in some if blow.pushes is not None] or [PATIENCE]
        medians = [statistics.median(pages), max(pages), statistics.median(pushes), max(pushes)]
        print(_line(name, len(some), *map(_seconds, medians)))
    accepted = sum(told.is_accepted for told in ledger.quotes.values())
    print(
        f"\n{ledger.confirmed} confirmations ({len(ledger.quotes)} quotes, {accepted} accepted). Requests that failed: "
        + (", ".join(f"{number} {kind}" for kind, number in ledger.refused.most_common()) or "none")
    )
    if landed is not None:
        print(f"After the last fault everything was in Autotask within {landed:.0f} s.")
    for what, which in wrong.items():
        print(f"{what}: {len(which)}")
        for sentence in which[:10]:
            print(f"    {sentence}")
    return sum(map(len, wrong.values()))


def main(environ: dict[str, str]) -> int:
    """Play and check. Returns the exit code."""
    if OWN_DISK not in environ:
        again = _on_a_disk_of_its_own(environ)
        if again is not None:
            return again
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    seconds = float(environ.get("SECONDS") or 300)
    seed = int(environ.get("SEED") or time.time())
    count = int(environ.get("REPS") or 5)
    names = [name for name in environ.get("FAULTS", "").split(",") if name] or list(faults.NAMES)
    unknown = set(names) - set(faults.NAMES)
    if unknown:
        print(
            f"Unknown fault: {', '.join(sorted(unknown))}. Known: {', '.join(faults.NAMES)}.", file=sys.stderr
        )
        return 2
    with ExitStack() as stack:
        folder = Path(
            environ.get(OWN_DISK) or stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-"))
        )
        if "disk" in names and not faults.is_own_disk(folder):
            print(
                "The disk isn't filled: that needs a small file system of its own (mount, as root on Linux)."
            )
            names.remove("disk")
        print(f"SECONDS={seconds:.0f} SEED={seed} REPS={count} FAULTS={','.join(names)}\n", flush=True)
        place = stack.enter_context(installed(folder))
        place.keep_alive()
        print(_line("fault", "lasted", "pages", "syncs") + "   seconds until they were back", flush=True)
        blows, ledger = play(place, seconds, seed, count, names)
        found = report(place, blows, ledger)
        if found and environ.get("KEEP"):
            shutil.copytree(folder / "data/logs", environ["KEEP"], dirs_exist_ok=True)
    print(
        "\nNothing was lost, and nothing is there twice." if not found else f"\nSEED={seed}: {found} findings"
    )
    return 1 if found else 0


def _on_a_disk_of_its_own(environ: dict[str, str]) -> int | None:
    """Run again in a mount namespace that nobody else sees, with a small disk in memory; None where that can't be."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        return None
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        script = 'mount -t tmpfs -o size="$1" chaos "$2" && shift 2 && exec "$@"'
        probe = ["unshare", "--mount", "sh", "-c", script, "sh", SIZE, folder, "true"]
        if subprocess.run(probe, capture_output=True, check=False).returncode:
            return None
        command = [*probe[:-1], sys.executable, "-m", "chaos"]
        with subprocess.Popen(command, env={**environ, OWN_DISK: folder}) as program:
            signal.signal(signal.SIGTERM, lambda *_: program.terminate())
            return program.wait()


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f}"


def _line(name: str, *cells: object) -> str:
    return f"{name:<10}" + "".join(
        f"{cell:>9.1f}" if isinstance(cell, float) else f"{cell!s:>9}" for cell in cells
    )


if __name__ == "__main__":
    raise SystemExit(main(dict(os.environ)))
