"""Fixtures of every test, by what they bring."""

from __future__ import annotations

pytest_plugins = [
    "tests.support.redis",
    "tests.support.databases",
    "tests.support.sandbox",
    "tests.support.application",
    "tests.support.browser",
    "tests.support.live",
    "tests.support.connected_desk",
]
