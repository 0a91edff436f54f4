"""Keeping within Autotask's limit of concurrent threads, across every process of ours.

Autotask allows three threads for each object endpoint and integration. The slots live in Redis as sorted sets whose
members expire, so a killed process gives its slot back by itself. Without Redis each process keeps to the limit alone.
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import RedisError

THREADS = 3
HOLD_SECONDS = 90
WAIT_SECONDS = 60

# KEYS[1] the set; ARGV: now, expiry, limit, member. 1 when a slot was taken.
_TAKE = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[4])
redis.call('EXPIRE', KEYS[1], 600)
return 1
"""

_local: dict[str, threading.BoundedSemaphore] = defaultdict(lambda: threading.BoundedSemaphore(THREADS))
_local_lock = threading.Lock()


class SharedBudget:
    """Slots of one zone."""

    def __init__(self, redis: Redis, zone_url: str) -> None:
        self._redis = redis
        self._prefix = "quotewright:threads:" + hashlib.sha256(zone_url.encode()).hexdigest()[:16]

    @contextmanager
    def slot(self, endpoint: str) -> Iterator[None]:
        """Hold one thread of ``endpoint`` while the block runs."""
        key = f"{self._prefix}:{endpoint}"
        with _local_lock:
            semaphore = _local[key]
        with semaphore:
            member = self._take(key)
            try:
                yield
            finally:
                if member:
                    self._give_back(key, member)

    def _take(self, key: str) -> str:
        member = uuid.uuid4().hex
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            now = time.time()
            try:
                if self._redis.eval(_TAKE, 1, key, now, now + HOLD_SECONDS, THREADS, member):
                    return member
            except (RedisError, OSError):
                return ""
            time.sleep(0.01 + random.random() * 0.03)  # noqa: S311  no secret
        return ""

    def _give_back(self, key: str, member: str) -> None:
        try:
            self._redis.zrem(key, member)
        except (RedisError, OSError):
            return
