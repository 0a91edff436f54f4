"""Fixtures of every test, by what they bring."""

from __future__ import annotations

import gc
import os

import pytest

gc.disable()  # until the tests are collected: almost everything that is loaded by then stays
pytest_plugins = [
    "tests.support.examples",
    "tests.support.redis",
    "tests.support.databases",
    "tests.support.sandbox",
    "tests.support.application",
    "tests.support.copies",
    "tests.support.browser",
    "tests.support.live",
    "tests.support.connected_desk",
]

# Whoever asks for one of these, even through another fixture, waits for a server, a database or a browser.
SERVERS = {
    "browser",
    "database_url",
    "live_stack",
    "migrated_postgres",
    "migrated_sqlite",
    "postgres_admin_url",
    "redis_server_url",
    "sandbox_url",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as ``light`` every test that needs nothing but Python: ``make check`` runs those."""
    for item in items:
        asked = SERVERS.intersection(getattr(item, "fixturenames", ()))
        if not asked and not any(
            item.get_closest_marker(name) for name in ("server", "slow", "smoke", "strangers")
        ):
            item.add_marker(pytest.mark.light)
    if "PYTEST_XDIST_WORKER" in os.environ:
        items[:] = long_ones_first(items, int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))


def long_ones_first(items: list[pytest.Item], processes: int) -> list[pytest.Item]:
    """Each process starts with its share of the long tests, so that none of them begins when all others are done.

    xdist gives every process one piece of the list, in order, and then lets those that are done take from the others.
    """
    long: list[pytest.Item] = []
    short: list[pytest.Item] = []
    for item in items:
        marked = any(item.get_closest_marker(name) for name in ("slow", "smoke"))
        (long if marked or "browser" in getattr(item, "fixturenames", ()) else short).append(item)
    pieces: list[pytest.Item] = []
    for number in range(processes):
        for some in (long, short):
            pieces += some[len(some) * number // processes : len(some) * (number + 1) // processes]
    return pieces


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Modules and collected tests stay to the end, so the garbage collector needn't look at them again and again.

    It looks seldom in any case, since it took a twentieth of the time.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    gc.enable()
