"""Autotask's limits, kept by several processes together, even when Redis or a process dies."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from stack import redis_server
from tests.support.connected_desk import Desk, newest_entry
from tests.support.waiting import wait_for
from webapp.services.autotask.api import budget
from webapp.services.autotask.api.budget import SETTLE_SECONDS, THREADS, SharedBudget
from webapp.services.autotask.api.errors import Busy, HourUsedUp, Temporary
from webapp.services.autotask.connection import connection
from webapp.services.autotask.push import call_quota
from webapp.services.delivery import attempt


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as connected:
        yield connected


def a_budget(redis: Redis) -> SharedBudget:
    return SharedBudget(redis, "http://zone.example", uuid.uuid4().hex)


def in_use(redis: Redis, shared: SharedBudget) -> int:
    return redis.zcard(f"{shared._prefix}:threads:Products")


class Process:
    """A forked process that holds one slot until it is stopped or killed."""

    def __init__(self, redis_url: str, shared: SharedBudget) -> None:
        told, tell = os.pipe()
        go_on, self.stop_end = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.stop_end)
            try:
                shared._redis = Redis.from_url(redis_url)
                with shared.slot("Products"):
                    os.write(tell, b"x")
                    os.read(go_on, 1)
            finally:
                os._exit(0)
        os.close(go_on)
        os.close(tell)
        self.told = told

    def wait_until_held(self) -> None:
        assert os.read(self.told, 1) == b"x"

    def stop(self) -> None:
        os.write(self.stop_end, b"x")
        self._wait()

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self._wait()

    def _wait(self) -> None:
        os.waitpid(self.pid, 0)
        os.close(self.stop_end)
        os.close(self.told)


def test_processes_share_the_threads(redis: Redis, redis_url: str) -> None:
    shared = a_budget(redis)
    others = [Process(redis_url, shared) for _ in range(THREADS)]
    for other in others:
        other.wait_until_held()
    entered = threading.Event()

    def enter() -> None:
        with shared.slot("Products"):
            entered.set()

    thread = threading.Thread(target=enter)
    thread.start()
    assert not entered.wait(0.3)
    others.pop().stop()
    assert entered.wait(10)
    thread.join()
    for other in others:
        other.stop()
    assert in_use(redis, shared) == 0


def test_a_killed_process_gives_its_threads_back(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "HOLD_SECONDS", 0.5)
    shared = a_budget(redis)
    others = [Process(redis_url, shared) for _ in range(THREADS)]
    for other in others:
        other.wait_until_held()
        other.kill()
    with shared.slot("Products"):
        assert 1 <= in_use(redis, shared) <= THREADS


def test_a_long_call_keeps_its_thread(redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "HOLD_SECONDS", 0.3)
    shared = a_budget(redis)
    others = [Process(redis_url, shared) for _ in range(THREADS)]
    for other in others:
        other.wait_until_held()
    entered = threading.Event()
    thread = threading.Thread(target=lambda: _enter(shared, entered))
    thread.start()
    assert not entered.wait(1.0)
    for other in others:
        other.stop()
    assert entered.wait(10)
    thread.join()


def _enter(shared: SharedBudget, entered: threading.Event) -> None:
    with shared.slot("Products"):
        entered.set()


def no_call_enters_before_another_leaves(redis: Redis, shared: SharedBudget, others: list[Process]) -> None:
    """Redis learns of all running calls before it lets a new one start."""
    entered = threading.Event()
    thread = threading.Thread(target=lambda: _enter(shared, entered))
    thread.start()
    assert not entered.wait(SETTLE_SECONDS + 0.5)
    assert in_use(redis, shared) == THREADS
    for other in others:
        other.stop()
    assert entered.wait(10)
    thread.join()


def test_an_emptied_redis_forgets_no_call(redis: Redis, redis_url: str) -> None:
    shared = a_budget(redis)
    others = [Process(redis_url, shared) for _ in range(THREADS)]
    for other in others:
        other.wait_until_held()
    redis.flushdb()
    no_call_enters_before_another_leaves(redis, shared, others)


def test_without_redis_a_process_makes_one_call_at_a_time() -> None:
    shared = SharedBudget(Redis.from_url("redis://127.0.0.1:1/0"), "http://zone.example", uuid.uuid4().hex)
    inside, most, lock = 0, 0, threading.Lock()

    def call() -> None:
        nonlocal inside, most
        with shared.slot("Products"):
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.02)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1, "so three processes stay within the limit together"


def test_a_used_up_hour_stops_every_call_at_once(redis_url: str, desk: Desk) -> None:
    desk.tenant.change(hourlyThreshold=100)
    desk.tenant._ask("POST", "/usage", {"calls": 100})
    client = connection.open_client(desk.runtime)
    with pytest.raises(HourUsedUp):
        client.query("Companies", [])
    asked = desk.tenant.stats()["total"]
    with pytest.raises(Temporary, match="Syncs resume automatically"):
        connection.open_client(desk.runtime).query("Companies", [])
    assert desk.tenant.stats()["total"] == asked


@pytest.mark.server
def test_a_redis_that_restarts_with_its_data_forgets_no_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "HOLD_SECONDS", 0.5)
    server, url = redis_server.server(tmp_path)
    server.start()
    server.wait_until(lambda: redis_server.alive(url), 30)
    with Redis.from_url(url) as redis:
        shared = a_budget(redis)
        others = [Process(url, shared) for _ in range(THREADS)]
        for other in others:
            other.wait_until_held()
        server.stop(grace=5)
        # Long enough for what Redis kept of them to expire.
        away_since = time.monotonic()
        wait_for(
            lambda: time.monotonic() > away_since + 2 * budget.HOLD_SECONDS, "Redis to be away for a while"
        )
        server.start()
        server.wait_until(lambda: redis_server.alive(url), 30)
        no_call_enters_before_another_leaves(redis, shared, others)
    server.stop(grace=5)


def test_a_call_without_a_thread_gives_up_instead_of_exceeding_the_limit(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = a_budget(redis)
    others = [Process(redis_url, shared) for _ in range(THREADS)]
    for other in others:
        other.wait_until_held()
    monkeypatch.setattr(budget, "WAIT_SECONDS", 0.2)
    with pytest.raises(Busy, match="sync resumes automatically"), shared.slot("Products"):
        pass
    assert in_use(redis, shared) == THREADS
    for other in others:
        other.stop()


def test_pushes_wait_before_the_hour_is_used_up(redis_url: str, desk: Desk) -> None:
    desk.tenant.change(hourlyThreshold=1000, thresholdDelays=False)
    quote = desk.quote({"name": "Box"})
    entry = desk.publish(quote)
    desk.tenant._ask("POST", "/usage", {"calls": 890})
    call_quota.watch(desk.runtime)
    desk.tenant._ask("POST", "/usage", {"calls": 900})
    call_quota.watch(desk.runtime)
    asked = desk.tenant.stats()["total"]
    attempt.perform(desk.runtime, entry.id, early=True)
    entry = newest_entry(quote.id)
    assert (entry.state, desk.tenant.stats()["total"]) == ("waiting", asked)
    assert "used up" in entry.outcome
    # The minute passes.
    desk.runtime.redis.delete(*desk.runtime.redis.keys("quotewright:autotask:*:closed"))
    desk.tenant._ask("POST", "/usage", {"calls": 10})
    assert desk.process(quote).state == "synced"
    call_quota.watch(desk.runtime)
    assert not desk.runtime.redis.keys("quotewright:autotask:*:closed")
