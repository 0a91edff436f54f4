"""A real worker with a real Redis delivers what was published, with the worker killed in the middle if need be."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from stack.child import Child
from stack.options import ROOT
from tests.support import samples
from tests.support.waiting import wait_for
from tests.webhooks.office import Office, deliveries
from tests.webhooks.receiver import HANG
from webapp.models import Delivery, db, utc_now
from webapp.services.delivery import room

pytestmark = pytest.mark.slow
PATIENCE = 60.0


@pytest.fixture
def worker(app: Flask, redis_url: str, app_settings: dict[str, str], tmp_path: Path) -> Iterator[Child]:
    """The worker as it is operated; started by the test."""
    child = Child(
        "worker",
        [sys.executable, str(ROOT / "worker.py")],
        env={**os.environ, **app_settings},
        cwd=ROOT,
        log=tmp_path / "worker.log",
    )
    yield child
    child.stop(grace=20)


def states() -> list[str]:
    found = [delivery.state for delivery in deliveries()]
    db.session.rollback()  # what was read would keep SQLite's lock
    return found


@pytest.mark.both_databases
def test_published_then_delivered(office: Office, worker: Child) -> None:
    _, secret = office.add("quote.published", "quote.accepted")
    first = office.publish().number
    db.session.rollback()
    # Nobody nudged: the sweeper finds it.
    worker.start()
    wait_for(lambda: states() == ["done"], "the sweeper to find the message", PATIENCE)
    second = office.publish(
        samples.quote(office.rep, customer=samples.person(office.rep, email="two@customer.example"))
    )
    db.session.commit()
    room.nudge(office.runtime)
    wait_for(lambda: states() == ["done"] * 2, "the nudged message", PATIENCE)
    assert [got.content["quote"]["number"] for got in office.receiver.got] == [first, second.number]
    assert secret not in worker.output()
    assert "key=of" not in worker.output()
    assert office.receiver.host.partition(":")[0] in worker.output()


def test_a_worker_that_is_killed_while_it_sends(office: Office, worker: Child) -> None:
    office.add("quote.published")
    office.receiver.answers.append(HANG)
    office.publish()
    worker.start()
    wait_for(lambda: office.receiver.got, "the message to be on its way", PATIENCE)
    worker.kill()
    assert states() == ["running"]
    # Time passes.
    db.session.execute(db.update(Delivery).values(lease_until=utc_now().replace(year=2020)))
    db.session.commit()
    worker.start()
    wait_for(lambda: states() == ["done"], "another worker to take it over", PATIENCE)
    first, second = office.receiver.got
    assert first.body == second.body, "the receiver can tell by the id that it is the same"
