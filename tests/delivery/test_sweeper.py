"""A worker whose sweeper died starts another one, since nobody else might sweep."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from flask import Flask

import worker
from stack.options import ROOT
from tests.support.waiting import wait_for


def until_killed(_parent: int) -> None:
    signal.pause()


@pytest.fixture
def sweeper() -> Iterator[worker.Sweeper]:
    made = worker.Sweeper(until_killed)
    yield made
    made.stop()


def kill(sweeper: worker.Sweeper) -> int:
    assert sweeper.pid
    killed, process = sweeper.pid, sweeper._process
    assert process is not None
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: not process.is_alive(), "the end of the sweeper")
    return killed


def test_a_sweeper_that_died_is_started_again_at_the_next_sign_of_life(
    app: Flask, redis_url: str, sweeper: worker.Sweeper
) -> None:
    sweeper.ensure()
    killed = kill(sweeper)
    asked = worker.new_worker(app.extensions["quotewright"])
    asked.sweeper = sweeper
    asked.register_birth()
    asked.heartbeat()
    now = sweeper.pid
    assert now != killed
    asked.heartbeat()
    assert sweeper.pid == now
    asked.register_death()


def test_a_job_starts_none(sweeper: worker.Sweeper) -> None:
    sweeper.ensure()
    before = kill(sweeper)
    sweeper._owner = os.getppid()  # as it is in a process that was forked from the worker
    sweeper.ensure()
    assert sweeper.pid == before
    sweeper._owner = os.getpid()


@pytest.mark.parametrize("before", [0, 15])
def test_a_worker_gives_way_to_pages(before: int) -> None:
    """A higher number that an operator chose stays: nobody but root may lower one."""
    said = "import os, worker; worker.give_way(); print(os.nice(0))"
    command = ["nice", "-n", str(before), sys.executable, "-c", said]
    start = os.nice(0)
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(found.stdout) == max(min(start + before, 19), worker.NICENESS)
