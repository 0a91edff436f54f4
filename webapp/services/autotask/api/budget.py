"""Stay within Autotask's limits across all our processes.

Autotask allows an integration three threads at each object endpoint, and a number of calls per hour. Redis holds the
threads in use as sorted sets whose members expire unless their process renews them, so the slots of a killed process
become free by themselves. Without Redis, a process makes one call at a time at each endpoint, so that three processes
together stay within the limit. When Redis comes back, empty or with old contents, no call starts until every process
has had time to report its running calls.
"""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import RedisError

from webapp.services.autotask.api.errors import Busy, HourUsedUp

THREADS = 3
WAIT_SECONDS = 60
HOLD_SECONDS = 5.0
RENEW_SECONDS = 0.1
SETTLE_SECONDS = 0.3
CLOSED_SECONDS = 60

# KEYS: the slots, the time from which this run of Redis can be trusted, whether the hour is used up. ARGV: limit,
# member, hold, settle. Returns 1: taken; 0: not now; -1: the hour is used up.
_TAKE = """
if redis.call('EXISTS', KEYS[3]) == 1 then return -1 end
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local known, open = string.match(redis.call('GET', KEYS[2]) or '', '^(%w+) (.+)$')
if known ~= run then
  open = now + tonumber(ARGV[4])
  redis.call('SET', KEYS[2], run .. ' ' .. tostring(open))
end
if now < tonumber(open) then return 0 end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[2])
return 1
"""
# KEYS[1] the slots; ARGV: member, hold.
_RENEW = """
local clock = redis.call('TIME')
redis.call('ZADD', KEYS[1], tonumber(clock[1]) + tonumber(clock[2]) / 1000000 + tonumber(ARGV[2]), ARGV[1])
return 1
"""


class _Process:
    """The calls that this process has running, renewed by a thread while there are any."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start with no calls and no threads; a forked child does too, since it has none of its parent's."""
        self.lock = threading.Lock()
        self.semaphores: dict[str, threading.BoundedSemaphore] = defaultdict(
            lambda: threading.BoundedSemaphore(THREADS)
        )
        self.held: dict[str, tuple[Redis, str]] = {}
        self.renewing = False

    def semaphore(self, key: str) -> threading.BoundedSemaphore:
        with self.lock:
            return self.semaphores[key]

    def hold(self, member: str, redis: Redis, key: str) -> None:
        with self.lock:
            self.held[member] = (redis, key)
            if self.renewing:
                return
            self.renewing = True
        threading.Thread(target=self.renew, name="autotask-slots", daemon=True).start()

    def hold_alone(self, member: str, redis: Redis, key: str) -> bool:
        """Like ``hold``, but only when this process has no other call there; False otherwise."""
        with self.lock:
            if any(other == key for _, other in self.held.values()):
                return False
            self.held[member] = (redis, key)
        self.hold(member, redis, key)
        return True

    def give_back(self, member: str, redis: Redis, key: str) -> None:
        with self.lock:
            self.held.pop(member, None)
        try:
            redis.zrem(key, member)
        except (RedisError, OSError):
            return

    def renew(self) -> None:
        """Renew every slot ten times a second until none is left."""
        while True:
            time.sleep(RENEW_SECONDS)
            with self.lock:
                held = dict(self.held)
                if not held:
                    self.renewing = False
                    return
            for member, (redis, key) in held.items():
                try:
                    redis.eval(_RENEW, 1, key, member, HOLD_SECONDS)
                except (RedisError, OSError):
                    break
                if member not in self.held:
                    # It was given back in the meantime, so it must not stay.
                    self.give_back(member, redis, key)


_process = _Process()
os.register_at_fork(after_in_child=_process.reset)


class SharedBudget:
    """The slots of one connection. ``integration`` distinguishes two connections in the same zone."""

    def __init__(self, redis: Redis, zone_url: str, integration: str) -> None:
        self._redis = redis
        name = hashlib.sha256(f"{zone_url} {integration}".encode()).hexdigest()[:16]
        self._prefix = f"quotewright:autotask:{name}"

    @contextmanager
    def slot(self, endpoint: str) -> Iterator[None]:
        """Hold one thread of ``endpoint`` while the block runs. Raises HourUsedUp when the hour's calls are used up."""
        key = f"{self._prefix}:threads:{endpoint}"
        with _process.semaphore(key):
            member = self._take(key)
            try:
                yield
            finally:
                _process.give_back(member, self._redis, key)

    def close(self) -> None:
        """The hour's calls are used up: stop all calls for a minute."""
        try:
            self._redis.set(f"{self._prefix}:closed", "1", ex=CLOSED_SECONDS)
        except (RedisError, OSError):
            return

    def _take(self, key: str) -> str:
        member = uuid.uuid4().hex
        keys = (key, f"{self._prefix}:open", f"{self._prefix}:closed")
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = self._redis.eval(_TAKE, 3, *keys, THREADS, member, HOLD_SECONDS, SETTLE_SECONDS)
            except (RedisError, OSError):
                if _process.hold_alone(member, self._redis, key):
                    return member
                answer = 0
            if answer == -1:
                raise HourUsedUp(
                    "Autotask's hourly call limit is (nearly) used up. Syncs resume automatically."
                )
            if answer:
                _process.hold(member, self._redis, key)
                return member
            time.sleep(0.01 + random.random() * 0.03)  # noqa: S311  no secret
        raise Busy(
            f"All {THREADS} of Autotask's parallel calls were busy for {WAIT_SECONDS} seconds. "
            "The sync resumes automatically."
        )
