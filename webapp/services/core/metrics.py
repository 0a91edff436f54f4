"""What this installation counts: one table of metrics, counted by all its processes in one hash in Redis.

A process adds up what it counts and a thread sends that on now and then, so counting costs a request nothing, whatever
state Redis is in. While Redis is away the process keeps what it counted. ``services.operating.metrics`` shows the sums
to Prometheus.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError

KEY = "quotewright:metrics"
FLUSH_SECONDS = 1.0
# After Redis didn't respond, no request waits for it again for so long.
PAUSE_SECONDS = 15.0
SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
INFINITE = "+Inf"


@dataclass(frozen=True)
class Metric:
    """``buckets``: the upper bounds of a histogram, in seconds; none for a counter."""

    name: str
    text: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


REQUESTS = Metric("quotewright_requests", "Requests answered.", ("route", "method", "status"))
REQUEST_SECONDS = Metric(
    "quotewright_request_seconds", "How long a request took.", ("route",), (*SECONDS[:8], 10.0)
)
DELIVERIES = Metric(
    "quotewright_deliveries",
    "Attempts to tell Autotask (a push), a webhook or a person (mail), by what became of them.",
    ("reader", "outcome"),
)
DELIVERY_SECONDS = Metric(
    "quotewright_delivery_seconds", "How long an attempt took.", ("reader",), (*SECONDS[2:], 60.0, 120.0)
)
CALLS = Metric("quotewright_autotask_calls", "Calls to Autotask; status 0: no answer.", ("entity", "status"))
CALL_SECONDS = Metric("quotewright_autotask_call_seconds", "How long Autotask took to answer.", (), SECONDS)
PDF_SECONDS = Metric("quotewright_pdf_seconds", "How long a PDF took to lay out.", (), (*SECONDS[3:], 60.0))
MAIL_SECONDS = Metric("quotewright_mail_seconds", "How long the mail server took.", (), SECONDS)
RECOVERIES = Metric(
    "quotewright_lease_recoveries",
    "Deliveries that were put back because their worker died or hung.",
    ("reader",),
)
COUNTED = (
    REQUESTS,
    REQUEST_SECONDS,
    DELIVERIES,
    DELIVERY_SECONDS,
    CALLS,
    CALL_SECONDS,
    PDF_SECONDS,
    MAIL_SECONDS,
    RECOVERIES,
)

# By metric, part (empty; of a histogram a bucket's bound or "sum") and the labels' values.
Field = tuple[str, ...]


class _Pending:
    """What this process counted and hasn't sent on yet."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start anew: in a fork, whose parent sends on what it counted, and whose threads may have held the lock."""
        self._lock = threading.Lock()
        self._sums: dict[Field, float] = defaultdict(float)
        self._not_before = 0.0
        self._is_sending = False

    def add(self, counted: dict[Field, float]) -> None:
        """Add to what is pending."""
        with self._lock:
            for field, amount in counted.items():
                self._sums[field] += amount

    def is_due(self) -> bool:
        """True for the one who is to send on what is pending now."""
        moment = time.monotonic()
        with self._lock:
            if self._is_sending or moment < self._not_before or not self._sums:
                return False
            self._is_sending = True
            self._not_before = moment + FLUSH_SECONDS
            return True

    def take(self) -> dict[Field, float]:
        """Everything to send on."""
        with self._lock:
            taken, self._sums = self._sums, defaultdict(float)
            return taken

    def sent(self, failed: dict[Field, float] | None = None) -> None:
        """Sending ended. ``failed``: what to keep, and not to try again soon."""
        self.add(failed or {})
        with self._lock:
            self._is_sending = False
            if failed:
                self._not_before = time.monotonic() + PAUSE_SECONDS


_pending = _Pending()
os.register_at_fork(after_in_child=_pending.forget)


def count(metric: Metric, *labels: object, amount: float = 1) -> None:
    """Add to a counter; ``labels`` in the order of the metric's."""
    _pending.add({(metric.name, "", *map(str, labels)): amount})


def observe(metric: Metric, seconds: float, *labels: object) -> None:
    """Add one observation to a histogram."""
    values = tuple(map(str, labels))
    bound = next((str(bound) for bound in metric.buckets if seconds <= bound), INFINITE)
    _pending.add({(metric.name, bound, *values): 1, (metric.name, "sum", *values): seconds})


@contextmanager
def timed(metric: Metric, *labels: object) -> Iterator[None]:
    """Observe how long the block takes, also when it raises."""
    started = time.perf_counter()
    try:
        yield
    finally:
        observe(metric, time.perf_counter() - started, *labels)


def flush_soon(redis: Redis) -> None:
    """Let a thread send on what was counted, at most once a second and one at a time: nobody waits for Redis."""
    if _pending.is_due():
        threading.Thread(target=flush, args=(redis,), name="metrics", daemon=True).start()


def flush(redis: Redis) -> None:
    """Send on what was counted, and wait for it. Never raises for Redis.

    Nothing is lost while it is away. If only its answer is lost, what was sent is counted twice.
    """
    taken = _pending.take()
    failed = None
    try:
        pipe = redis.pipeline(transaction=True)
        for field, amount in taken.items():
            pipe.hincrbyfloat(KEY, json.dumps(field), amount)
        pipe.execute()
    except (RedisError, OSError):
        failed = taken
    finally:
        _pending.sent(failed)


def read(redis: Redis) -> dict[Field, float]:
    """The sums of all processes. Raises RedisError."""
    return {tuple(json.loads(field)): float(sum_) for field, sum_ in redis.hgetall(KEY).items()}
