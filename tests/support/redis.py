"""A real Redis server of the tests' own: one for each test process, emptied before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis
from redis.exceptions import RedisError

from stack import redis_server
from webapp.services.autotask.api.budget import SharedBudget
from webapp.services.autotask.connection import connection
from webapp.services.core.runtime import Runtime


@pytest.fixture(scope="session")
def redis_server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address (a unix socket) of a running server."""
    child, url = redis_server.server(tmp_path_factory.mktemp("redis"))
    child.start()
    child.wait_until(lambda: redis_server.alive(url), 30)
    yield url
    child.stop(grace=5)


@pytest.fixture
def redis_url(redis_server_url: str) -> str:
    """The address of an empty Redis."""
    with Redis.from_url(redis_server_url) as client:
        client.flushall()
    return redis_server_url


def settle(runtime: Runtime) -> None:
    """Let the first call start at once: no other process can have calls running in a tenant that is new.

    The product waits until all could have reported theirs, since it can't know that an empty Redis is a new one.
    """
    budget = connection.open_client(runtime)._budget
    assert isinstance(budget, SharedBudget)
    try:
        run_id = runtime.redis.info("server")["run_id"]
        runtime.redis.set(f"{budget._prefix}:open", f"{run_id} 0")
    except RedisError:
        return  # this test has none
