"""A supervised process: how it ends, and that it leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stack.child import Child, session_members
from stack.errors import StackError
from stack.options import ROOT
from tests.support.waiting import wait_for

pytestmark = pytest.mark.server


def python(code: str, folder: Path) -> Child:
    return Child(
        "sample", [sys.executable, "-uc", code], env=dict(os.environ), cwd=ROOT, log=folder / "sample.log"
    )


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A process that ended but wasn't waited for by its new parent yet.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_program_that_dies_before_it_is_ready_is_told_with_its_last_lines(tmp_path: Path) -> None:
    child = python("print('first'); print('out of paper'); raise SystemExit(3)", tmp_path)
    child.start()
    with pytest.raises(StackError) as caught:
        child.wait_until(lambda: False, timeout=20)
    assert str(caught.value).startswith("The sample ended with exit code 3. Its last lines")
    assert "    out of paper" in str(caught.value)


def test_a_program_that_never_becomes_ready_is_told(tmp_path: Path) -> None:
    child = python("import signal; signal.pause()", tmp_path)
    child.start()
    with pytest.raises(StackError, match="did not become ready in 0 seconds"):
        child.wait_until(lambda: False, timeout=0.1)
    child.kill()
    assert "was ended by SIGKILL" in child.obituary()


def test_output_begins_with_the_latest_start(tmp_path: Path) -> None:
    child = python("import os; print(os.getpid())", tmp_path)
    pids = []
    for _ in range(2):
        child.start()
        assert child.wait(20) == 0
        pids.append(child.output().strip())
    assert pids[1].isdigit()
    assert pids[0] != pids[1]


def test_ending_a_program_ends_what_it_started_in_a_group_of_its_own(tmp_path: Path) -> None:
    child = python(
        "import signal, subprocess, sys\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'], process_group=0)\n"
        "print(inner.pid); inner.wait()",
        tmp_path,
    )
    child.start()
    child.wait_until(lambda: child.output().strip().isdigit(), timeout=20)
    inner = int(child.output())
    assert child.pid is not None
    assert inner in session_members(child.pid)
    session = child.pid
    child.stop(grace=0.1)
    wait_for(lambda: session_members(session) == [] and gone(inner), "the end of the whole session")


def test_a_program_is_asked_to_end_only_once(tmp_path: Path) -> None:
    child = python(
        "import signal, sys, threading\n"
        "asked = threading.Event()\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('asked'), asked.set()))\n"
        "print('ready')\n"
        "while not asked.wait(0.05): pass\n"
        "signal.sigtimedwait([signal.SIGTERM], 0.3)",
        tmp_path,
    )
    child.start()
    child.wait_until(lambda: "ready" in child.output(), timeout=20)
    child.terminate()
    wait_for(lambda: "asked" in child.output(), "the first signal")
    child.terminate()
    child.stop(grace=20)
    assert child.output().count("asked") == 1
    assert child.exit_code == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_no_orphan_when_the_parent_is_killed_outright(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from stack.child import Child\n"
        "child = Child('inner', [sys.executable, '-uc', 'import signal; print(1); signal.pause()'],\n"
        "              env=dict(os.environ), cwd=Path.cwd(), log=Path(sys.argv[1]))\n"
        "child.start()\n"
        "child.wait_until(lambda: bool(child.output()), 20)\n"
        "print(child.pid, flush=True)\n"
        "signal.pause()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "inner.log")], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        inner = int(parent.stdout.readline())
        assert not gone(inner)
        parent.send_signal(signal.SIGKILL)
    wait_for(lambda: gone(inner), "the inner program to end")


def test_a_log_that_grew_large_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stack.child.LOG_LIMIT", 3)
    child = python("print('more than three bytes')", tmp_path)
    for _ in range(2):
        child.start()
        child.wait(20)
    assert (tmp_path / "sample.log.1").read_text() == "more than three bytes\n"
    assert child.output() == "more than three bytes\n"
