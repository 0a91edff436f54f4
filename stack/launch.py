"""Become another program that ends when its parent ends.

Run as a script: ``python -I -S launch.py PARENT_PID PROGRAM [ARGUMENT...]``. On Linux the kernel is asked to
send SIGTERM when the parent dies (prctl(2), PR_SET_PDEATHSIG = 1; the setting survives exec), so a supervisor that
is killed outright leaves no orphan. Elsewhere it only starts the program. A script of its own, because code run
between fork and exec in a process with threads may deadlock.
"""

from __future__ import annotations

import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Tie this process to the parent and exec the program named in ``arguments``."""
    parent, program = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("The parent ended before the program could start.")
    os.execvp(program[0], program)  # noqa: S606 - no shell is the point; the arguments come from stack.child


if __name__ == "__main__":
    main(sys.argv[1:])
