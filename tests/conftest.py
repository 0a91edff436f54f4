"""Fixtures of every test, by what they bring."""

from __future__ import annotations

import gc

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


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Modules and collected tests stay to the end, so the garbage collector needn't look at them again and again."""
    gc.freeze()
    gc.enable()
