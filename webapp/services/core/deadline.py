"""The end of a job's time: RQ raises an exception in the main thread, wherever it is. None of them may get lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rq.timeouts import JobTimeoutException


@contextmanager
def put_off() -> Iterator[None]:
    """Let a job whose time ends inside the block end right after it: a library could swallow the exception."""
    if threading.current_thread() is not threading.main_thread():
        # RQ's exception only reaches the main thread.
        yield
        return
    rung: list[FrameType | None] = []
    handler = signal.signal(signal.SIGALRM, lambda _signal, frame: rung.append(frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, handler)
    if rung and callable(handler):
        handler(signal.SIGALRM, rung[0])


def has_passed(error: BaseException) -> bool:
    """True when ``error`` is RQ's exception, or was raised from it: SQLAlchemy wraps what interrupts a statement."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, JobTimeoutException):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
