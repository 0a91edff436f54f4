"""When a message is sent again, and when an address is given up on. Pure functions."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

# Seconds after the first, the second, ... failed attempt: 11 attempts in about 28 hours.
DELAYS = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 43200)
MAX_ATTEMPTS = len(DELAYS) + 1
LONGEST_HOLD = 600
PAUSE_AFTER = timedelta(hours=24)
PAUSE_FAILURES = 10


def delay(attempt: int, asked: int = 0) -> timedelta:
    """The time after the failed attempt number ``attempt`` (from 1), a fifth more or less; at least ``asked``."""
    seconds = DELAYS[min(attempt, len(DELAYS)) - 1] * (0.8 + 0.4 * random.random())  # noqa: S311  no secret
    return timedelta(seconds=max(seconds, asked))


def hold(failures: int, asked: int = 0) -> timedelta:
    """How long nothing at all is sent to an address that failed ``failures`` times in a row."""
    return max(min(delay(failures), timedelta(seconds=LONGEST_HOLD)), timedelta(seconds=asked))


def is_hopeless(failures: int, failing_since: datetime, now: datetime) -> bool:
    """True when an address failed so long and so often that a person must look at it."""
    return failures >= PAUSE_FAILURES and now - failing_since >= PAUSE_AFTER


def concerns_address(status: int | None) -> bool:
    """True for a failure that the next message would meet too, whatever it says."""
    return status is None or status >= 500 or status in (401, 403, 404, 410, 429) or 300 <= status < 400
