"""How often an address can ask holds for all web processes together, and for each without Redis."""

from __future__ import annotations

import pytest
from flask import Flask

import config
from webapp import create_app
from webapp.extensions import limiter

# Of a customer's PDF.
OFTEN = 30


def ask(app: Flask, times: int) -> list[int]:
    client = app.test_client()
    return [client.get("/q/no-such-link/quote.pdf").status_code for _ in range(times)]


@pytest.mark.usefixtures("redis_url")
def test_all_web_processes_count_together(
    app: Flask, app_settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a process that has just begun: the tests before this one may have had no Redis.
    monkeypatch.setattr(limiter, "_storage_dead", False)
    assert ask(app, OFTEN) == [404] * OFTEN
    other_process = create_app(config.load(app_settings))
    assert ask(other_process, 1) == [429]


def test_without_redis_each_process_counts_by_itself(app: Flask) -> None:
    assert ask(app, OFTEN + 1) == [404] * OFTEN + [429]
