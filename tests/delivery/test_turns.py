"""What is done every minute is done once for all workers, whoever of them dies."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask

import worker
from webapp.models import Turn, db
from webapp.services.core import turns

MINUTE = timedelta(seconds=55)
WORKERS = 6


def everyone(app: Flask, name: str, every: timedelta = MINUTE) -> int:
    """How many of several workers get their turn when all ask at once."""
    together, got = threading.Barrier(WORKERS), list[bool]()

    def ask() -> None:
        with app.app_context():
            together.wait()
            got.append(turns.take(name, every))
            db.session.remove()

    threads = [threading.Thread(target=ask) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == WORKERS
    return sum(got)


@pytest.mark.both_databases
def test_one_of_many_takes_each_turn(app: Flask) -> None:
    assert everyone(app, "expiry") == 1
    assert everyone(app, "expiry") == 0
    assert everyone(app, "drift") == 1
    # Whoever took the last turn died: a minute later another one has it.
    with app.app_context():
        db.session.get_one(Turn, "expiry").taken_at -= MINUTE
        db.session.commit()
    assert everyone(app, "expiry") == 1


def test_a_schedule_runs_in_its_turn_alone(app: Flask) -> None:
    ran: list[str] = []
    with app.app_context():
        for _ in range(3):
            worker._in_turn("expiry", lambda _runtime: ran.append("expiry"), app.extensions["quotewright"])
    assert ran == ["expiry"]
    assert set(worker.SCHEDULES) == {"expiry", "reminders", "hour", "retention", "drift"}
