"""A real Redis server of the tests' own: one for each test process, emptied before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from stack import redis_server


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
