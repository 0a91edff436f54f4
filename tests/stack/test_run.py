"""``python -m stack run`` from outside, as a person at the terminal sees it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from redis import Redis

from stack import ports
from stack.child import session_members
from stack.options import ROOT
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.smoke, pytest.mark.slow]
START = 60.0


@dataclass
class Run:
    """A running supervisor, its announced facts and everything it prints."""

    process: subprocess.Popen[str]
    facts: dict[str, Any]
    output: Path

    def end(self, number: signal.Signals) -> str:
        """Send the signal, wait for the end, return all that was printed."""
        self.process.send_signal(number)
        self.process.wait(60)
        return self.output.read_text()

    def printed(self, words: str) -> bool:
        return words in self.output.read_text()

    def alive(self) -> list[int]:
        return [pid for child in self.facts["children"].values() for pid in session_members(child)]


def command(data: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "stack", "run", "--data", str(data), "--sandbox-port", "0", *arguments]


@contextmanager
def running(data: Path) -> Iterator[Run]:
    data.mkdir(exist_ok=True)
    ready, output = data / "ready.json", data / "output"
    ready.unlink(missing_ok=True)
    with output.open("w") as file:
        process = subprocess.Popen(
            command(data, "--port", "0", "--json-ready", str(ready)),
            cwd=ROOT,
            stdout=file,
            stderr=file,
            text=True,
            start_new_session=True,
        )
    try:
        wait_for(lambda: ready.exists() or process.poll() is not None, "the stack to be ready", START)
        assert ready.exists(), output.read_text()
        yield Run(process, json.loads(ready.read_text()), output)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run") / "var"


def first_page(run: Run) -> requests.Response:
    return requests.get(run.facts["web"], timeout=10)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["first start", "second start"])
def test_it_says_where_it_runs_and_ends_with_all_its_children(number: signal.Signals, data: Path) -> None:
    with running(data) as run:
        assert first_page(run).status_code == 200
        assert requests.get(run.facts["sandbox"], timeout=10).status_code == 200
        children = run.facts["children"]
        assert set(children) == {"redis", "sandbox", "web", "worker"}
        kept = data / "kept-by-redis"
        with Redis.from_url(run.facts["redis"]) as redis:
            assert redis.get("mark") == (b"kept" if kept.exists() else None)
            redis.set("mark", "kept")
        kept.touch()
        printed = run.end(number)
        assert run.process.returncode == 0
        assert run.alive() == []
    for words in (run.facts["web"], run.facts["sandbox"], "SANDBOX-DEMO", "Stop with Ctrl-C", str(data)):
        assert words in printed
    assert [login["password"] in printed for login in run.facts["logins"]] == [True, True]
    assert "Traceback" not in printed


def test_a_killed_part_is_told_and_comes_back(data: Path) -> None:
    with running(data) as run:
        for key, name in (("worker", "worker"), ("web", "web server"), ("redis", "Redis server")):
            os.kill(run.facts["children"][key], signal.SIGKILL)
            sentence = f"The {name} was ended by SIGKILL. Its last lines"
            wait_for(partial(run.printed, sentence), f"a sentence about the {name}")
        wait_for(lambda: _answers(run), "the first page to be back")


def _answers(run: Run) -> bool:
    try:
        return first_page(run).ok
    except requests.ConnectionError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_no_child_outlives_a_supervisor_that_is_killed_outright(data: Path) -> None:
    with running(data) as run:
        run.end(signal.SIGKILL)
        wait_for(lambda: run.alive() == [], "every child to end", 30)


def test_a_taken_port_is_a_sentence(data: Path) -> None:
    with ports.listen("127.0.0.1", 0, "PORT") as listener:
        taken = str(listener.getsockname()[1])
        done = subprocess.run(
            command(data, "--port", taken), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {taken} on 127.0.0.1 is taken by another program.")
    assert "Traceback" not in done.stderr


def test_a_broken_database_is_a_sentence_and_leaves_nothing_running(tmp_path: Path) -> None:
    (tmp_path / "quotewright.db").write_bytes(b"no database at all" * 100)
    done = subprocess.run(
        command(tmp_path, "--port", "0"), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("The database migration ended with exit code 1. Its last lines")
    assert "file is not a database" in done.stderr
    assert not (tmp_path / "redis.sock").exists()
