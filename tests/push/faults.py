"""Faults that can hit a push, and how a test lets the push recover."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import requests

from tests.support.connected_desk import Desk, newest_entry, newest_run
from webapp.models import Delivery, PushLease, PushRun, PushStep, db, utc_now
from webapp.services.delivery import attempt, reader, room

# The time-out of calls in these tests, in seconds.
SHORT = 0.4
REMOTE_FAULTS: dict[str, dict[str, Any]] = {
    "cut before": {"kind": "cut_before"},
    "cut after commit": {"kind": "cut_after_commit"},
    "time-out after commit": {"kind": "timeout_after_commit", "seconds": SHORT * 1.5},
    "429": {"kind": "429"},
    "500": {"kind": "500"},
    "truncated body": {"kind": "truncated"},
    "thread limit without 429": {"kind": "thread_limit_sentence"},
    "html page": {"kind": "html"},
}


def recover(desk: Desk, quote_id: int, states: tuple[str, ...] = ("synced",)) -> PushRun:
    """Let time pass and the sweeper run until the push is done; returns its last run."""
    desk.tenant._ask("DELETE", "/faults")
    for _ in range(6):
        db.session.rollback()
        past = utc_now() - timedelta(hours=1)
        db.session.execute(db.update(PushLease).values(expires_at=past))
        db.session.execute(db.update(Delivery).where(Delivery.state == "running").values(lease_until=past))
        db.session.execute(db.update(Delivery).where(Delivery.state == "waiting").values(not_before=past))
        db.session.execute(db.update(PushStep).values(doubt_until=past))
        db.session.commit()
        room.sweep(desk.runtime, reader.get("autotask"))
        entry = newest_entry(quote_id)
        db.session.refresh(entry)
        if entry.state == "waiting":
            attempt.perform(desk.runtime, entry.id, early=True)
        else:
            break
    entry, run = newest_entry(quote_id), newest_run(quote_id)
    assert run is not None
    assert entry.state == "done", f"{entry.state} {run.state}: {run.sentence}"
    assert run.state in states, f"{run.state}: {run.sentence}"
    return run


@contextmanager
def recorded() -> Iterator[list[bool]]:
    """Yields a list that says of each HTTP call of this process, in order, whether it can change something."""
    original = requests.adapters.HTTPAdapter.send
    writes: list[bool] = []

    def send(self: Any, *args: Any, **kwargs: Any) -> Any:
        request = args[0]
        asks = request.method == "GET" or request.path_url.endswith(("/query", "/query/count"))
        writes.append(not asks)
        return original(self, *args, **kwargs)

    requests.adapters.HTTPAdapter.send = send  # type: ignore[method-assign]
    try:
        yield writes
    finally:
        requests.adapters.HTTPAdapter.send = original  # type: ignore[method-assign]


class Aim:
    """An action aimed at one HTTP call. ``hit``: it happened."""

    def __init__(self) -> None:
        self.hit = False


@contextmanager
def at_call(nth: int, act: Callable[[], object], moment: str) -> Iterator[Aim]:
    """While the block runs, call ``act`` before or after the n-th HTTP call of this process.

    A later call of another thread isn't sent until ``act`` is done.
    """
    original = requests.adapters.HTTPAdapter.send
    aim, count, turn = Aim(), 0, threading.RLock()

    def send(self: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal count
        with turn:
            count += 1
            mine = count == nth
            if mine and moment == "before":
                aim.hit = True
                act()
        answer = original(self, *args, **kwargs)
        if mine and moment == "after":
            aim.hit = True
            act()
        return answer

    requests.adapters.HTTPAdapter.send = send  # type: ignore[method-assign]
    try:
        yield aim
    finally:
        requests.adapters.HTTPAdapter.send = original  # type: ignore[method-assign]


def killed_push(desk: Desk, entry_id: int, nth: int, moment: str) -> bool:
    """Process the entry in a forked process, and kill it before or after its n-th call to Autotask.

    False when it made fewer calls.
    """
    child = _forked_push(desk, entry_id, nth, moment, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def sleeping_push(desk: Desk, entry_id: int, nth: int) -> int:
    """Process the entry in a forked process that is stopped right after its n-th call; returns its id."""
    child = _forked_push(desk, entry_id, nth, "after", signal.SIGSTOP)
    _, status = os.waitpid(child, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    return child


def _forked_push(desk: Desk, entry_id: int, nth: int, moment: str, number: signal.Signals) -> int:
    db.session.commit()
    child = os.fork()
    if child == 0:
        db.engine.dispose(close=False)
        try:
            with at_call(nth, lambda: os.kill(os.getpid(), number), moment):
                attempt.perform(desk.runtime, entry_id, early=True)
        finally:
            os._exit(0)
    return child
