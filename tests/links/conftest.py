"""Fixtures of the tests of links."""

from __future__ import annotations

import pytest

from tests.support.visitor import Visitor


@pytest.fixture(autouse=True)
def redis(redis_url: str) -> None:
    """A worker's queue is real in these tests."""


@pytest.fixture
def admin(desk_admin: Visitor) -> Visitor:
    """The browser of the desk's user, an admin."""
    return desk_admin
