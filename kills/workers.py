"""The workers, and who kills them: at fail points, at random moments, alone or with all that they started."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from stack.child import Child, session_members
from stack.options import ROOT
from webapp.services.core import failpoints

WORKERS = 2


class Workers:
    """Two real workers, started again whenever they die. ``kills``: how often which kind of kill hit a process."""

    def __init__(self, env: Mapping[str, str], folder: Path, chance: random.Random) -> None:
        self.kills: Counter[str] = Counter()
        self._chance = chance
        self._folder = folder
        self._dead: dict[int, float] = {}
        self._next_shot = 0.0
        self._children = [
            Child(
                f"worker {number}",
                [sys.executable, str(ROOT / "worker.py")],
                env={**os.environ, **env, "PYTHONUNBUFFERED": "1"},
                cwd=ROOT,
                log=folder / f"worker{number}.log",
            )
            for number in range(WORKERS)
        ]

    def start(self) -> None:
        """Start those that don't run."""
        for child in self._children:
            if not child.running:
                child.kill()
                child.start()

    def stop(self) -> None:
        """End all of them, and whatever they started."""
        for child in self._children:
            child.kill()

    def horses(self) -> list[int]:
        """The processes that do a job now: each leads a group of its own in its worker's session."""
        found = []
        for child in self._children:
            members = session_members(child.pid) if child.pid else []
            for pid in members:
                with suppress(ProcessLookupError):
                    if pid != child.pid and os.getpgid(pid) == pid:
                        found.append(pid)
        return found

    def dead_for(self, pid: int) -> float:
        """For how many seconds a process has been seen dead; 0 while it lives."""
        with suppress(ProcessLookupError):
            os.kill(pid, 0)
            self._dead.pop(pid, None)
            return 0.0
        return time.monotonic() - self._dead.setdefault(pid, time.monotonic())

    def aim(self) -> None:
        """Arm a fail point if none is armed; count one that has fired, and end its worker if it was to end too."""
        armed, fired = self._folder / "armed", self._folder / "fired"
        if fired.exists():
            point, _, whom = fired.read_text().split()
            fired.unlink()
            self.kills[point] += 1
            if whom == "all":
                self.kills["(with its worker)"] += 1
        if not armed.exists() and not fired.exists():
            point = self._chance.choice(failpoints.POINTS)
            often = self._chance.randint(1, 6) if point.startswith(("journal", "apply")) else 1
            whom = "all" if self._chance.random() < 0.08 else "alone"
            part = self._folder / "part"
            part.write_text(f"{point} {often} {whom}")
            part.rename(armed)

    def disarm(self) -> None:
        """Nothing is killed at a point any more."""
        (self._folder / "armed").unlink(missing_ok=True)
        fired = self._folder / "fired"
        if fired.exists():
            self.kills[fired.read_text().split()[0]] += 1
            fired.unlink()

    def shoot(self) -> None:
        """Now and then kill a job, a worker or a sweeper at a random moment."""
        now = time.monotonic()
        if now < self._next_shot:
            return
        self._next_shot = now + self._chance.uniform(0.1, 1.0)
        if self._chance.random() < 0.05:
            child = self._chance.choice(self._children)
            if child.running:
                child.kill()
                self.kills["(a worker at a random moment)"] += 1
            return
        horses = self.horses()
        if horses:
            with suppress(ProcessLookupError):
                os.kill(self._chance.choice(horses), signal.SIGKILL)
                self.kills["(a job at a random moment)"] += 1

    @property
    def total(self) -> int:
        """How many kills so far."""
        return sum(count for kind, count in self.kills.items() if kind != "(with its worker)")
