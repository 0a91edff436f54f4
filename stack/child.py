"""One supervised process: started in a session of its own, its output in a log file, ended with all it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from stack.errors import StackError

LAUNCHER = Path(__file__).with_name("launch.py")
LOG_LIMIT = 5 * 1024 * 1024
POLL = 0.02


def for_us_alone(path: str, flags: int) -> int:
    """Open a file that is made for this user alone."""
    return os.open(path, flags, 0o600)


class Child:
    """A program, how to start it again, and what it wrote since its last start.

    ``private``: the little that it prints is a secret; ``take`` returns it once, and the log has its errors alone.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        log: Path,
        pass_fds: Sequence[int] = (),
        private: bool = False,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.env = dict(env)
        self.cwd = cwd
        self.log = log
        self.pass_fds = tuple(pass_fds)
        self.private = private
        self.started_at = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._asked_to_end = False
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        """The process id, or None before the first start."""
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """None while the program runs (or was never started); negative for a signal."""
        return self._process.poll() if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the program. Raises StackError when it can't be executed."""
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        with open(self.log, "ab", opener=for_us_alone) as output:
            self._log_start = output.tell()
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *self.command],
                    cwd=self.cwd,
                    env=self.env,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE if self.private else output,
                    stderr=output if self.private else subprocess.STDOUT,
                    start_new_session=True,
                    umask=0o077,  # databases and all else that it makes is for this user alone
                    pass_fds=self.pass_fds,
                )
            except OSError as error:
                raise StackError(f"The {self.name} could not be started: {error.strerror}.") from error
        self._asked_to_end = False
        self.started_at = time.monotonic()

    def output(self) -> str:
        """Everything written since the last start."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(self._log_start)
            return file.read().decode("utf-8", "replace")

    def take(self) -> str:
        """What a private program printed; call it once, after its end."""
        if self._process is None or self._process.stdout is None:
            return ""
        with self._process.stdout as pipe:
            return pipe.read().decode("utf-8", "replace")

    def last_lines(self, count: int = 12) -> str:
        """The end of the output, indented, for a person."""
        lines = [line for line in self.output().splitlines() if line.strip()][-count:]
        return "\n".join(f"    {line}" for line in lines) or "    (it wrote nothing)"

    def obituary(self) -> str:
        """A sentence on how the program ended, and its last lines."""
        return f"The {self.name} {_how(self.exit_code)}. Its last lines ({self.log}):\n{self.last_lines()}"

    def wait_until(self, ready: Callable[[], bool], timeout: float) -> None:
        """Return when ``ready()`` is true. Raises StackError when the program ends or ``timeout`` seconds pass."""
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.running:
                # It may have become ready and ended its work between the two looks.
                raise StackError(self.obituary())
            if time.monotonic() > deadline:
                raise StackError(
                    f"The {self.name} did not become ready in {timeout:.0f} seconds. Its last lines ({self.log}):\n"
                    f"{self.last_lines()}"
                )
            time.sleep(POLL)

    def wait(self, timeout: float) -> int:
        """The exit code once the program ends. Raises StackError after ``timeout`` seconds, and ends it."""
        if self._process is None:
            raise StackError(f"The {self.name} was not started.")
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise StackError(
                f"The {self.name} did not end within {timeout:.0f} seconds and was stopped."
            ) from None

    def terminate(self) -> None:
        """Ask the program to end (SIGTERM), once: a second signal would tell RQ to drop its job. Returns at once."""
        if self._process is not None and self.running and not self._asked_to_end:
            self._asked_to_end = True
            self._process.terminate()

    def stop(self, grace: float) -> None:
        """Ask, wait up to ``grace`` seconds, then end the program and everything in its session."""
        if self._process is None:
            return
        self.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace)
        self.kill()

    def kill(self) -> None:
        """End the program and whatever it started, at once."""
        if self._process is None:
            return
        for pid in session_members(self._process.pid):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def session_members(session: int) -> list[int]:
    """The ids of every process in ``session``: the RQ work-horse leaves its worker's group, but not its session.

    Where there is no /proc, ``ps`` answers.
    """
    if not Path("/proc/self/stat").exists():
        listing = subprocess.run(
            ["ps", "-axo", "pid=,sess="], capture_output=True, text=True, check=False
        ).stdout
        pairs = [line.split() for line in listing.splitlines()]
        return [int(pair[0]) for pair in pairs if len(pair) == 2 and pair[1] == str(session)]
    members = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # pid (comm) state ppid pgrp session ...; comm may hold spaces and brackets (proc(5))
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if fields[3] == str(session) and fields[0] not in ("Z", "X"):
            members.append(int(entry.name))
    return members


def _how(code: int | None) -> str:
    if code is None:
        return "still runs"
    if code >= 0:
        return f"ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"
