"""The real worker process: the push happens, whatever is lost on the way."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from rq import Queue

from stack import redis_server
from stack.child import Child
from stack.options import ROOT
from tests.integrations.test_lost_jobs import lose
from tests.support.connected_desk import Desk, every_kind, newest_entry, newest_run, open_desk
from tests.support.sandbox import Tenant
from tests.support.waiting import wait_for
from webapp.models import Delivery, Person, PushClaim, PushLease, PushRun, Quote, db, utc_now
from webapp.services.autotask.push import results
from webapp.services.delivery import room

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
# Long enough for a machine that is busy with other tests.
MINUTE = 60


@pytest.fixture
def start_worker(
    app: Flask, app_settings: dict[str, str], tenant: Tenant, tmp_path: Path
) -> Iterator[Callable[..., Child]]:
    started: list[Child] = []

    def start(*program: str) -> Child:
        env = {**os.environ, **app_settings, "PYTHONUNBUFFERED": "1"}
        worker = Child(
            "worker",
            [sys.executable, *(program or (str(ROOT / "worker.py"),))],
            env=env,
            cwd=ROOT,
            log=tmp_path / f"worker{len(started)}.log",
        )
        worker.start()
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.stop(grace=5)


def entry_as_stored(quote_id: int) -> tuple[str, int]:
    """State and attempt of the newest entry; no transaction stays open, which SQLite's writers would wait for."""
    entry = newest_entry(quote_id)
    seen = (entry.state, entry.attempt)
    db.session.rollback()
    return seen


def wait_until_synced(quote: Quote) -> None:
    quote_id = quote.id
    db.session.commit()
    wait_for(lambda: entry_as_stored(quote_id)[0] == "done", f"the push of quote {quote_id}", MINUTE)
    run = newest_run(quote.id)
    assert run is not None
    assert run.state == "synced", run.sentence


def jobs_of(worker: Child) -> list[int]:
    """The processes in which the worker does its jobs: each leads a process group of its own, unlike the sweeper."""
    children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
    return [pid for pid in map(int, children) if os.getpgid(pid) == pid]


# The worker, which says whenever it creates an application.
COUNTED = """
import runpy, webapp

create_app = webapp.create_app

def counted():
    print("an application", flush=True)
    return create_app()

webapp.create_app = counted
runpy.run_path("worker.py", run_name="__main__")
"""


def how_many(desk: Desk, quote: Quote) -> int:
    rows = desk.tenant.state()["Quotes"]
    return sum(row["externalQuoteNumber"] == str(quote.number) for row in rows)


def test_a_queued_push_is_done(redis_url: str, desk: Desk, start_worker: Callable[[], Child]) -> None:
    start_worker()
    quote = desk.quote(*every_kind(desk))
    desk.publish(quote)
    room.nudge(desk.runtime)
    wait_until_synced(quote)


def test_jobs_use_the_application_that_the_worker_loaded(
    redis_url: str, desk: Desk, start_worker: Callable[..., Child]
) -> None:
    """Creating one takes longer than some pushes."""
    worker = start_worker("-c", COUNTED)
    quote = desk.quote({"name": "Box"})
    desk.publish(quote)
    room.nudge(desk.runtime)
    wait_until_synced(quote)
    assert worker.output().count("an application") == 1


def test_a_flushed_redis_loses_no_push(redis_url: str, desk: Desk, start_worker: Callable[[], Child]) -> None:
    quotes = [desk.quote(*every_kind(desk)) for _ in range(3)]
    for quote in quotes:
        desk.publish(quote)
    room.nudge(desk.runtime)
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
    start_worker()
    for quote in quotes:
        wait_until_synced(quote)
        assert how_many(desk, quote) == 1


# A real worker with its sweeper; every job ends as if all processes were killed between two instructions.
DIES_AT_ITS_FIRST_JOB = """
import os, signal, worker
worker.deliver = lambda *_: os.killpg(os.getppid(), signal.SIGKILL)
raise SystemExit(worker.main())
"""


def test_a_job_whose_worker_is_killed_before_it_starts_runs_within_a_minute(
    redis_url: str, desk: Desk, start_worker: Callable[..., Child]
) -> None:
    quote = desk.quote(*every_kind(desk))
    desk.publish(quote)
    room.nudge(desk.runtime)
    dying = start_worker("-c", DIES_AT_ITS_FIRST_JOB)
    wait_for(lambda: dying.exit_code is not None, "the worker to be killed", MINUTE)
    assert dying.exit_code == -signal.SIGKILL
    with Redis.from_url(redis_url) as redis:
        assert len(Queue("pushes", connection=redis)) == 0, "the job is lost"
    assert entry_as_stored(quote.id) == ("waiting", 0), "but what must be done is not"
    start_worker()
    wait_until_synced(quote)
    assert how_many(desk, quote) == 1


def test_another_worker_continues_after_a_killed_one(
    redis_url: str, desk: Desk, start_worker: Callable[[], Child]
) -> None:
    quote = desk.quote(*every_kind(desk))
    desk.publish(quote)
    desk.tenant.add_fault(kind="delay", seconds=20, nth=8)
    db.session.commit()
    first = start_worker()
    wait_for(lambda: desk.tenant.stats()["total"] >= 7, "the push to be under way", MINUTE)
    assert first.pid is not None
    os.killpg(first.pid, signal.SIGKILL)
    desk.tenant._ask("DELETE", "/faults")
    start_worker()
    # A dead worker's leases expire by themselves; here their time is moved back instead of waiting.
    past = utc_now() - timedelta(minutes=2)
    db.session.execute(db.update(PushLease).values(expires_at=past))
    db.session.execute(db.update(Delivery).where(Delivery.state == "running").values(lease_until=past))
    db.session.commit()
    wait_until_synced(quote)
    assert how_many(desk, quote) == 1


def test_a_job_whose_time_is_over_ends_in_order_and_goes_on(
    redis_url: str, desk: Desk, start_worker: Callable[[], Child]
) -> None:
    quote = desk.quote({"name": "Box"}, {"name": "Rack"}, {"name": "Shelf"})
    desk.publish(quote)
    desk.tenant.add_fault(kind="hold", entity="QuoteItems", verb="create", times=0, seconds=60)
    db.session.commit()
    worker = start_worker()
    wait_for(lambda: desk.tenant._ask("GET", "/faults")[0]["struck"], "an item to be on its way", MINUTE)
    (job,) = jobs_of(worker)
    os.kill(job, signal.SIGALRM)
    desk.tenant._ask("DELETE", "/faults")
    wait_until_synced(quote)
    runs = db.session.scalars(db.select(PushRun).filter_by(quote_id=quote.id).order_by(PushRun.id)).all()
    assert [run.state for run in runs] == ["retrying", "synced"]
    assert runs[0].sentence == results.OUT_OF_TIME.sentence
    assert (
        len([row for row in desk.tenant.calls() if (row["entity"], row["verb"]) == ("QuoteItems", "create")])
        == 3
    )


def test_autotask_away_delays_the_push_and_a_later_revision_replaces_it(
    redis_url: str, desk: Desk, start_worker: Callable[[], Child]
) -> None:
    quote = desk.quote(*every_kind(desk))
    desk.tenant.add_fault(kind="503", times=0)
    start_worker()
    desk.publish(quote)
    room.nudge(desk.runtime)
    quote_id = quote.id
    db.session.commit()
    wait_for(lambda: entry_as_stored(quote_id)[1] > 0, "the push to be put off", MINUTE)
    assert newest_entry(quote.id).outcome
    quote.title = "Another title"
    db.session.commit()
    desk.tenant._ask("DELETE", "/faults")
    desk.publish(quote)
    room.nudge(desk.runtime)
    wait_until_synced(quote)
    assert how_many(desk, quote) == 1


def test_publishing_works_without_redis(app_settings: dict[str, str], tenant: Tenant, tmp_path: Path) -> None:
    from config import load
    from webapp import create_app

    folder = tmp_path / "redis"
    folder.mkdir()
    server, url = redis_server.server(folder)
    env = {**app_settings, "REDIS_URL": url}
    app = create_app(load(env))
    worker = Child(
        "worker",
        [sys.executable, str(ROOT / "worker.py")],
        env={**os.environ, **env, "PYTHONUNBUFFERED": "1"},
        cwd=ROOT,
        log=tmp_path / "worker.log",
    )
    with app.app_context():
        desk = open_desk(app, tenant)
        worker.start()
        quote = desk.quote(*every_kind(desk))
        desk.publish(quote)
        room.nudge(desk.runtime)
        assert newest_entry(quote.id).state == "waiting"
        server.start()
        try:
            wait_until_synced(quote)
        finally:
            worker.stop(grace=5)
            server.stop(grace=5)
            db.session.remove()
            db.engine.dispose()


@pytest.mark.both_databases
def test_quotes_of_one_new_customer_published_at_once_create_it_once(
    redis_url: str, desk: Desk, start_worker: Callable[[], Child]
) -> None:
    organization = desk.organization("Cumulus GmbH")
    person = Person(organization=organization, first_name="Ida", last_name="Ott", email="ida@cumulus.example")
    new = [
        {"name": "Cumulus box", "sku": "CB-1", "unit_price": 10},
        {"name": "Cumulus care", "unit_price": 5, "recurrence": "monthly"},
        {"name": "Cumulus care", "unit_price": 55, "recurrence": "annual", "sku": "CC-2"},
    ]
    quotes = [desk.quote(*new, organization=organization, person=person) for _ in range(6)]
    for quote in quotes:
        desk.publish(quote)
    room.nudge(desk.runtime)
    db.session.commit()
    # Slow enough that the workers' pushes overlap.
    desk.tenant.change(latencyMs=60)
    start_worker()
    start_worker()
    for quote in quotes:
        wait_until_synced(quote)
    state = desk.tenant.state()

    def named(entity: str, field: str, name: str) -> int:
        return sum(row[field] == name for row in state[entity])

    assert named("Companies", "companyName", "Cumulus GmbH") == 1
    assert named("Contacts", "emailAddress", "ida@cumulus.example") == 1
    assert named("Products", "name", "Cumulus box") == 1
    assert named("Services", "name", "Cumulus care") == 1
    assert db.session.scalar(db.select(db.func.count()).select_from(PushClaim)) == 0


def test_an_error_inside_rq_does_not_end_the_worker(
    redis_url: str, desk: Desk, start_worker: Callable[[], Child]
) -> None:
    """What an older version queued, and a kill made RQ stumble over, is met at the start and survived."""
    redis = Redis.from_url(redis_url)
    queue = Queue("pushes", connection=redis)
    queue.enqueue("worker.deliver", 0, result_ttl=0, failure_ttl=0, job_id="push-0-0")
    redis.delete(queue.key)
    lose(redis, "push-0-0")
    start_worker()
    quote = desk.quote({"name": "Box"})
    desk.publish(quote)
    wait_until_synced(quote)
