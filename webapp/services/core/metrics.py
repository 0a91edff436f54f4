"""What this installation counts: one table of metrics, counted by all its processes in one hash in Redis.

A process adds up what it counts and sends that on now and then, so counting costs a request nothing. While Redis is
away it keeps what it counted. ``services.operating.metrics`` shows the sums to Prometheus.
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

    def add(self, counted: dict[Field, float]) -> None:
        """Add to what is pending."""
        with self._lock:
            for field, amount in counted.items():
                self._sums[field] += amount

    def take(self, *, now: bool) -> dict[Field, float]:
        """Everything to send on; nothing while it is too soon."""
        moment = time.monotonic()
        with self._lock:
            if moment < self._not_before and not now:
                return {}
            taken, self._sums = self._sums, defaultdict(float)
            self._not_before = moment + FLUSH_SECONDS
            return taken

    def put_back(self, counted: dict[Field, float]) -> None:
        """Keep what couldn't be sent on, and wait before the next try."""
        self.add(counted)
        with self._lock:
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


def flush(redis: Redis, *, now: bool = False) -> None:
    """Send on what was counted, at most once a second unless ``now``. Never raises for Redis; nothing is lost by it."""
    sent = _pending.take(now=now)
    if not sent:
        return
    try:
        pipe = redis.pipeline(transaction=True)
        for field, amount in sent.items():
            pipe.hincrbyfloat(KEY, json.dumps(field), amount)
        pipe.execute()
    except (RedisError, OSError):
        _pending.put_back(sent)


def read(redis: Redis) -> dict[Field, float]:
    """The sums of all processes. Raises RedisError."""
    return {tuple(json.loads(field)): float(sum_) for field, sum_ in redis.hgetall(KEY).items()}
