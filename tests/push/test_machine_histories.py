"""Histories of a quote that are drawn from a seed, each in the end as if nothing had happened.

``HISTORIES_OF_ONE=7x400`` plays 400 histories of the seed 7; a failure names its seed and number and tells its story.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator

import pytest
from flask import Flask

from stack.options import ROOT
from tests.push.histories import History
from tests.push.mutations import MUTATIONS, mutated
from tests.push.troubles import TIMEOUT
from tests.support.connected_desk import Desk, copy_desk
from tests.support.copies import Copied
from tests.support.sandbox import Tenant
from webapp.services.autotask.api import budget, client


@pytest.fixture
def hasty(
    app: Flask, tenant: Tenant, redis_url: str, opened_desk: Copied, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """A desk whose calls time out quickly, whose retries don't wait, and whose dead workers hold no thread for long."""
    runtime = app.extensions["quotewright"]
    quick = dataclasses.replace(runtime.config, autotask_timeout_seconds=TIMEOUT)
    app.extensions["quotewright"] = dataclasses.replace(runtime, config=quick)
    monkeypatch.setattr(client, "_backoff", lambda _attempt: 0.0)
    monkeypatch.setattr(budget, "HOLD_SECONDS", 0.3)
    monkeypatch.setattr(budget, "SETTLE_SECONDS", 0.1)
    monkeypatch.setattr(budget, "RENEW_SECONDS", 0.03)
    with app.app_context():
        yield copy_desk(app, tenant, opened_desk)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_history_leaves_what_an_undisturbed_push_writes(hasty: Desk) -> None:
    seed, count = (int(number) for number in os.environ.get("HISTORIES_OF_ONE", "1x16").split("x"))
    for number in range(count):
        try:
            History(hasty, seed, number).play()
        except AssertionError as error:
            pytest.fail(f"History {number} of seed {seed}:\n{error}")


@pytest.mark.parametrize("name", MUTATIONS)
def test_each_mutation_still_fits_the_sources(name: str) -> None:
    assert mutated(ROOT, MUTATIONS[name])
