"""When a message is retried, and when its endpoint is paused. Pure functions."""

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
    """How long nothing is sent to an endpoint that failed ``failures`` times in a row."""
    return max(min(delay(failures), timedelta(seconds=LONGEST_HOLD)), timedelta(seconds=asked))


def is_hopeless(failures: int, failing_since: datetime, now: datetime) -> bool:
    """True when an endpoint has failed for so long and so often that it needs a person."""
    return failures >= PAUSE_FAILURES and now - failing_since >= PAUSE_AFTER


def concerns_address(status: int | None) -> bool:
    """True for a failure that every other message to the endpoint would meet too."""
    return status is None or status >= 500 or status in (401, 403, 404, 410, 429) or 300 <= status < 400
