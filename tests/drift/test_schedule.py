"""Comparing by itself: once a day, a few at a time, and only while calls are plentiful."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue

from stack.child import Child
from stack.options import ROOT
from tests.drift.test_comparison import forget_calls, pushed, remote
from tests.support.connected_desk import Desk
from tests.support.waiting import wait_for
from webapp.models import DriftCheck, DriftFinding, Link, Quote, RemoteMetadata, db, utc_now
from webapp.services.autotask.activity import repush
from webapp.services.autotask.api.errors import NotConnected
from webapp.services.autotask.connection import connection, stored_lists
from webapp.services.autotask.drift import check as drift_check
from webapp.services.autotask.drift import schedule as drift_schedule

NO_REDIS = Redis.from_url("redis://127.0.0.1:1/0")


def made_long_ago(desk: Desk) -> None:
    """Every link is two days old and every list of Autotask fresh."""
    db.session.execute(db.update(Link).values(created_at=utc_now() - timedelta(days=2)))
    db.session.commit()
    stored_lists.refresh(desk.runtime)


def due(now: datetime | None = None) -> list[int]:
    return [quote.id for quote in drift_schedule.due(now or utc_now())]


def waiting(desk: Desk) -> list[str]:
    found: list[str] = Queue(drift_schedule.QUEUE, connection=desk.runtime.redis).get_job_ids()
    return found


@pytest.mark.both_databases
def test_a_quote_is_due_a_day_after_its_first_push_and_then_once_a_day(desk: Desk) -> None:
    quote = pushed(desk)
    assert due() == []
    made_long_ago(desk)
    assert due() == [quote.id]
    assert drift_schedule.compare_due(desk.runtime) == 1
    assert due() == []
    assert due(utc_now() + timedelta(hours=23)) == []
    assert due(utc_now() + timedelta(hours=25)) == [quote.id]


def test_a_batch_finds_what_changed_and_costs_four_calls(desk: Desk) -> None:
    quotes = [pushed(desk, {"name": f"Thing {number}"}) for number in range(3)]
    desk.tenant.edit("QuoteItems", remote(desk, quotes[1])[0]["id"], unitPrice=99)
    made_long_ago(desk)
    forget_calls(desk)
    assert drift_schedule.compare_due(desk.runtime) == 3
    assert desk.tenant.stats()["total"] == 4, "the threshold, and one call for each entity"
    found = db.session.scalars(db.select(DriftFinding)).all()
    assert [one.quote_id for one in found] == [quotes[1].id]


def test_drafts_and_old_quotes_are_not_due(desk: Desk) -> None:
    desk.quote({"name": "Draft"})
    quote = pushed(desk)
    made_long_ago(desk)
    db.session.execute(db.update(Quote).values(updated_at=utc_now() - timedelta(days=181)))
    db.session.commit()
    assert due() == []
    assert drift_check.check_one(desk.runtime, quote) == 0, "by hand it is compared all the same"


def test_near_the_threshold_comparing_waits(desk: Desk) -> None:
    pushed(desk)
    made_long_ago(desk)
    desk.tenant.change(hourlyThreshold=desk.tenant.stats()["total"])
    forget_calls(desk)
    assert drift_schedule.compare_due(desk.runtime) == 0
    assert due()


def test_a_failure_is_kept_as_a_sentence_and_tried_again_an_hour_later(desk: Desk) -> None:
    quote = pushed(desk)
    made_long_ago(desk)
    desk.tenant.add_fault(kind="500", entity="Quotes", times=20)
    assert drift_schedule.compare_due(desk.runtime) == 0
    check = db.session.get(DriftCheck, quote.id)
    assert check is not None
    assert check.sentence
    assert due() == []
    assert due(utc_now() + timedelta(minutes=61)) == [quote.id]


def test_the_job_is_queued_once_and_only_when_there_is_something_to_do(desk: Desk) -> None:
    pushed(desk)
    made_long_ago(desk)
    assert drift_schedule.tick(desk.runtime) is True
    assert drift_schedule.tick(desk.runtime) is False
    assert waiting(desk) == [drift_schedule.JOB_ID]
    Queue(drift_schedule.QUEUE, connection=desk.runtime.redis).empty()
    drift_schedule.compare_due(desk.runtime)
    assert drift_schedule.tick(desk.runtime) is False
    assert drift_schedule.compare_soon() == 1
    assert drift_schedule.tick(desk.runtime) is True


@pytest.mark.both_databases
def test_a_person_lets_all_be_compared_also_those_never_compared(desk: Desk) -> None:
    quotes = [pushed(desk), pushed(desk)]
    desk.quote({"name": "Draft"})
    assert due() == [], "pushed a moment ago"
    assert drift_schedule.compare_soon() == 2
    assert due() == [quote.id for quote in quotes]
    assert drift_schedule.due_count(utc_now()) == 2
    assert drift_schedule.compare_due(desk.runtime) == 2
    assert due() == []
    connection.disconnect(desk.rep)
    with pytest.raises(NotConnected):
        drift_schedule.compare_soon()


def test_quotes_that_wait_to_be_pushed_do_not_take_up_others_turn(desk: Desk) -> None:
    waits, other = pushed(desk), pushed(desk)
    made_long_ago(desk)
    repush.push_again(desk.rep, waits, "again")
    assert due() == [other.id]
    desk.process(waits)
    assert due() == [waits.id, other.id]


def test_without_redis_or_a_connection_nothing_is_queued(desk: Desk) -> None:
    from dataclasses import replace

    pushed(desk)
    made_long_ago(desk)
    assert drift_schedule.tick(replace(desk.runtime, redis=NO_REDIS)) is False
    connection.disconnect(desk.rep)
    assert drift_schedule.tick(desk.runtime) is False
    assert drift_schedule.compare_due(desk.runtime) == 0


def test_old_lists_are_read_anew_but_tried_only_once_an_hour(desk: Desk) -> None:
    stored_lists.refresh(desk.runtime)
    db.session.execute(db.update(RemoteMetadata).values(fetched_at=utc_now() - timedelta(hours=21)))
    db.session.commit()
    assert stored_lists.is_outdated()
    assert drift_schedule.tick(desk.runtime) is True
    Queue(drift_schedule.QUEUE, connection=desk.runtime.redis).empty()
    drift_schedule.compare_due(desk.runtime)
    assert not stored_lists.is_outdated()

    db.session.execute(db.update(RemoteMetadata).values(fetched_at=utc_now() - timedelta(hours=21)))
    db.session.commit()
    forget_calls(desk)
    assert drift_schedule.tick(desk.runtime) is False
    drift_schedule.compare_due(desk.runtime)
    assert desk.tenant.stats()["total"] == 0


@pytest.fixture
def worker(desk: Desk, app_settings: dict[str, str], tmp_path: Path) -> Iterator[Callable[[], Child]]:
    """Starts the real worker."""
    started: list[Child] = []

    def start() -> Child:
        env = {**os.environ, **app_settings, "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, str(ROOT / "worker.py")]
        child = Child("worker", command, env=env, cwd=ROOT, log=tmp_path / "worker.log")
        child.start()
        started.append(child)
        return child

    yield start
    for child in started:
        child.stop(grace=5)


@pytest.mark.slow
def test_the_real_worker_does_the_job(desk: Desk, worker: Callable[[], Child]) -> None:
    quote = pushed(desk)
    quote_id = quote.id
    desk.tenant.edit("QuoteItems", remote(desk, quote)[0]["id"], unitPrice=99)
    made_long_ago(desk)
    assert drift_schedule.tick(desk.runtime)
    db.session.commit()
    worker()

    def compared() -> bool:
        found = db.session.get(DriftCheck, quote_id) is not None
        db.session.rollback()
        return found

    wait_for(compared, "the comparison", 60)
    assert drift_check.open_count(quote_id) == 1
