"""What can happen to a push, one trouble after another: kills, faults, lost answers, and the time that passes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import requests
from rq.timeouts import JobTimeoutException

from tests.push.faults import at_call
from tests.support.connected_desk import Desk
from tests.support.waiting import wait_for
from webapp.models import Delivery, PushCall, PushLease, PushStep, db, utc_now
from webapp.models.delivery import DeliveryState
from webapp.services.core import failpoints
from webapp.services.core.deadline import Deadline
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import attempt, reader, room

# The time-out of calls in these tests, in seconds: long enough for a busy machine.
TIMEOUT = 0.8


class LastCall:
    """Lets calls that are under way end before the process does, and no other begin.

    So a killed process leaves no call behind that takes effect at a time that a test doesn't know.
    """

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self._changed = threading.Condition()
        self._active = 0
        self._closed = False

    def strike(self, own: int = 0) -> None:
        """Act as soon as only ``own`` calls are under way; does not return in a process that it kills."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: self._active <= own)
            self._act()

    @contextmanager
    def counting(self, nth: int = 0, moment: str = "") -> Iterator[None]:
        """While the block runs, count calls, and strike before or after the n-th."""
        original = requests.adapters.HTTPAdapter.send
        count = 0

        def send(adapter: Any, *args: Any, **kwargs: Any) -> Any:
            nonlocal count
            with self._changed:
                self._changed.wait_for(lambda: not self._closed)
                count += 1
                mine = count == nth
                self._active += 1
            try:
                if mine and moment == "before":
                    self.strike(own=1)
                answer = original(adapter, *args, **kwargs)
                if mine and moment == "after":
                    self.strike(own=1)
                return answer
            finally:
                with self._changed:
                    self._active -= 1
                    self._changed.notify_all()

        requests.adapters.HTTPAdapter.send = send  # type: ignore[method-assign,assignment]
        try:
            yield
        finally:
            requests.adapters.HTTPAdapter.send = original  # type: ignore[method-assign]


def _in_a_worker(work: Callable[[], None]) -> bool:
    """Do ``work`` in a forked process; True when it was killed."""
    db.session.commit()
    child = os.fork()
    if child == 0:
        db.engine.dispose(close=False)
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    db.session.expire_all()
    return os.WIFSIGNALED(status)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_at_call(runtime: Runtime, entry_id: int, nth: int, moment: str) -> bool:
    """Push in a worker that is killed before or after its n-th call; False when it made fewer."""

    def work() -> None:
        with LastCall(_die).counting(nth, moment):
            attempt.perform(runtime, entry_id, early=True)

    return _in_a_worker(work)


def killed_at_point(runtime: Runtime, entry_id: int, point: str, times: int) -> bool:
    """Push in a worker that is killed when it reaches a fail point for the n-th time."""

    def work() -> None:
        left = times
        last = LastCall(_die)

        def act(reached: str) -> None:
            nonlocal left
            left -= reached == point
            if reached == point and left == 0:
                last.strike()

        failpoints.arm(act)
        with last.counting():
            attempt.perform(runtime, entry_id, early=True)

    return _in_a_worker(work)


def out_of_time(runtime: Runtime, entry_id: int, nth: int) -> None:
    """Push in a job whose time ends at its n-th call."""
    with (
        Deadline(600, JobTimeoutException),
        at_call(nth, lambda: signal.raise_signal(signal.SIGALRM), "after"),
    ):
        attempt.perform(runtime, entry_id, early=True)
    db.session.rollback()


@contextmanager
def struck(desk: Desk, *faults: dict[str, Any]) -> Iterator[None]:
    """While the block runs, these faults are set."""
    ids = [desk.tenant.add_fault(**fault)["id"] for fault in faults]
    yield
    for number in ids:
        desk.tenant._ask("DELETE", f"/faults/{number}")


def held(entity: str, verb: str) -> dict[str, Any]:
    """A call that Autotask holds until the push waits for it, or the fault is over."""
    return {"kind": "hold", "entity": entity, "verb": verb, "times": 1, "seconds": 60}


def lift_holds(desk: Desk) -> None:
    """What is held takes effect."""
    for fault in desk.tenant._ask("GET", "/faults"):
        if fault["kind"] == "hold":
            desk.tenant._ask("DELETE", f"/faults/{fault['id']}")


def soon_after() -> None:
    """However slow this machine is, the next push comes before the time of the last one's calls is over."""
    soon = utc_now() + timedelta(minutes=1)
    for model, column in ((PushStep, PushStep.doubt_until), (PushCall, PushCall.at)):
        statement = db.update(model).where(column.is_not(None)).values({column: soon})
        db.session.execute(statement.execution_options(synchronize_session=False))
    db.session.commit()


def calls_end(desk: Desk) -> None:
    """Wait for every call that the sandbox is still working on."""
    wait_for(lambda: not desk.tenant.stats()["atWork"], "the last call to end")


def lost(kind: str, entity: str, times: int = 1) -> dict[str, Any]:
    """A create that takes effect, and whose answer is lost."""
    return {"kind": kind, "entity": entity, "verb": "create", "times": times, "seconds": TIMEOUT * 1.5}


def away(entity: str = "", verb: str = "") -> dict[str, Any]:
    """Autotask, or one of its endpoints, answers nothing."""
    return {"kind": "503", "entity": entity, "verb": verb, "times": 0}


def leases_run_out() -> None:
    """The time of the leases passes, nothing else."""
    _set(PushLease, expires_at=utc_now() - timedelta(minutes=1))


def time_passes(desk: Desk) -> None:
    """An hour without a push: calls have ended, leases and claims are over, what waits is due."""
    calls_end(desk)
    past = utc_now() - timedelta(hours=1)
    leases_run_out()
    _set(PushStep, doubt_until=past)
    _set(PushCall, at=past)
    _set(Delivery, state=DeliveryState.RUNNING, lease_until=past)
    _set(Delivery, state=DeliveryState.WAITING, not_before=past)


def swept(runtime: Runtime, quote_id: int) -> bool:
    """The sweeper comes by, and workers do what is due, the oldest first; False when nothing was."""
    db.session.rollback()
    room.sweep(runtime, reader.get("autotask"))
    waiting = db.select(Delivery.id).filter_by(
        reader="autotask", quote_id=quote_id, state=DeliveryState.WAITING
    )
    ids = db.session.scalars(waiting.order_by(Delivery.id)).all()
    for entry_id in ids:
        attempt.perform(runtime, entry_id, early=True)
    return bool(ids)


def _set(model: Any, state: str | None = None, **values: Any) -> None:
    statement = db.update(model).values(**values)
    if state is not None:
        statement = statement.where(model.state == state)
    db.session.execute(statement.execution_options(synchronize_session=False))
    db.session.commit()
