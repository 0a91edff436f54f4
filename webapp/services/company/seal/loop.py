"""Runs what pyHanko offers as coroutines alone, in a thread of its own: the caller's may have a loop that runs."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from webapp.services.core.pool import Pool

R = TypeVar("R")


def run(work: Coroutine[Any, Any, R]) -> R:
    """What ``work`` returns or raises."""
    with Pool(1, thread_name_prefix="seal") as pool:
        return pool.submit(asyncio.run, work).result()
