"""Named points between two statements that matter, at which a test ends the process. Off, a point costs one look.

Nothing arms a point but a test, or the setting FAIL_POINTS, which is refused unless Autotask is a sandbox on this
machine (``config.py``).
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

POINTS = (
    "delivery.claimed",
    "push.leased",
    "push.started",
    "push.rendered",
    "push.claimed",
    "push.observed",
    "push.planned",
    "journal.written",
    "journal.committed",
    "apply.intended",
    "apply.answered",
    "push.applied",
    "push.compared",
    "push.complete",
    "delivery.ending",
    "delivery.ended",
    "sweep.put_back",
)

_act: Callable[[str], None] | None = None


def reach(point: str) -> None:
    """This point is reached."""
    if _act is not None:
        _act(point)


def arm(act: Callable[[str], None] | None) -> None:
    """From now on, in this process and its forks, ``act`` is called with every point; None: nothing is."""
    global _act  # noqa: PLW0603  one switch for the process
    _act = act


class FromFolder:
    """Ends the process that first reaches the point that the folder's file ``armed`` names, as often as it says.

    The file is a line: the point, how many times a process must reach it, and ``alone`` or ``all`` (with its worker's
    process group). It becomes ``fired``, so that no other process ends too.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = 0
        self._line = ""
        self._seen: Counter[str] = Counter()

    def __call__(self, point: str) -> None:
        """Called at every point."""
        armed = self._folder / "armed"
        try:
            line = armed.read_text()
        except OSError:
            return
        if (os.getpid(), line) != (self._process, self._line):
            self._process, self._line, self._seen = os.getpid(), line, Counter()
        self._seen[point] += 1
        wanted, times, whom, *_ = line.split()
        if point != wanted or self._seen[point] < int(times):
            return
        try:
            armed.rename(self._folder / "fired")
        except OSError:
            return
        if whom == "all":
            os.killpg(os.getsid(0), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
