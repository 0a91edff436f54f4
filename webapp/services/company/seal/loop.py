"""Runs what pyHanko offers as coroutines alone, in a thread of its own: the caller's may have a loop that runs."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

R = TypeVar("R")


def run(work: Coroutine[Any, Any, R]) -> R:
    """What ``work`` returns or raises."""
    with ThreadPoolExecutor(1, thread_name_prefix="seal") as pool:
        return pool.submit(asyncio.run, work).result()
