"""Waiting for something to become true, by looking instead of by sleeping a guessed time."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_for(condition: Callable[[], object], what: str, timeout: float = 20.0) -> None:
    """Return as soon as ``condition()`` is true. Fails the test after ``timeout`` seconds, naming ``what``."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"Waited {timeout:.0f} seconds in vain for: {what}"
        time.sleep(0.02)
