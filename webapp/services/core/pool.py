"""Threads that make several calls at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from webapp.services.core import deadline

P = ParamSpec("P")
R = TypeVar("R")


class Pool(ThreadPoolExecutor):
    """A pool that waits for every thread of its own, also in a job whose time ends while one starts.

    RQ's exception in the middle of a start would leave a thread that nobody waits for, or that can't begin.
    """

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """As of any executor."""
        with deadline.put_off():
            return super().submit(fn, *args, **kwargs)
