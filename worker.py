"""The worker: does the jobs from RQ, and sweeps the delivery room for what RQ lost.

``python worker.py``. Each reader has its own queue, and so have comparisons with Autotask; the queues are served in
turn. The sweeper is a child process, so that it continues while a push runs and while Redis is down.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from functools import cache, partial
from types import FrameType

import structlog
from flask import Flask
from redis.exceptions import RedisError
from rq import Worker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from rq.worker import DequeueStrategy
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import configure_mappers

from webapp import create_app
from webapp.models import db
from webapp.services.autotask.drift import schedule as drift_schedule
from webapp.services.autotask.push import call_quota, processing
from webapp.services.core import failpoints, metrics, queues
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import attempt, reader, room
from webapp.services.delivery.reader import Reader
from webapp.services.diary import diary
from webapp.services.privacy import retention
from webapp.services.quoting.lifecycle import expiry, reminding
from webapp.services.quoting.paper import ahead, document

SWEEP_SECONDS = 2.0
# Every 30th sweep (once a minute): notice expiries, watch the hourly call quota, remove what is kept no longer,
# start due comparisons.
SWEEPS_PER_TICK = 30
WORKER_TTL = 60
RESTART_SECONDS = 2

log = structlog.get_logger(__name__)


@cache
def application() -> Flask:
    """The application of this process, created once."""
    app = create_app()
    folder = _runtime(app).config.fail_points
    if folder is not None:
        failpoints.arm(failpoints.FromFolder(folder))
    return app


def deliver(delivery_id: int) -> None:
    """The job: one attempt to deliver."""
    app = application()
    with app.app_context(), diary.origin(f"worker {socket.gethostname()}:{os.getpid()}"):
        try:
            attempt.perform(_runtime(app), delivery_id)
        finally:
            db.session.remove()
            # This process ends here: it does one job.
            metrics.flush(_runtime(app).redis)


def compare_quotes() -> None:
    """The job: compare the due quotes with Autotask."""
    app = application()
    with app.app_context():
        try:
            drift_schedule.compare_due(_runtime(app))
        finally:
            db.session.remove()
            metrics.flush(_runtime(app).redis)


def warm_up(app: Flask) -> None:
    """Do once what every job would repeat, since each job runs in a fork of this process.

    Configure the mappers, load the PDF libraries, and compile the most frequent SQL. The database may be away; no
    connection stays open for the forks to inherit.
    """
    configure_mappers()
    document.preload()
    with app.app_context():
        try:
            processing.warm_sql_cache(_runtime(app))
        except (DBAPIError, ServiceError) as error:
            log.info("worker.not_warm", error=type(error).__name__)
        finally:
            db.session.remove()
            db.engine.dispose()


def sweep_for_ever(parent: int) -> None:
    """Sweep every two seconds until the parent worker is gone or sends a signal."""
    stop = threading.Event()

    def on_signal(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    app = application()
    tasks: dict[str, Callable[[Runtime], object]] = {
        each.key: partial(_sweep, each) for each in reader.every()
    }
    # A PDF can take minutes, and deliveries don't wait for it.
    threading.Thread(target=_render_ahead, args=(app, stop), name="paper", daemon=True).start()
    sweeps = 0
    while not stop.wait(SWEEP_SECONDS) and os.getppid() == parent:
        sweeps += 1
        for name, task in tasks.items():
            _attempt(app, name, task)
        metrics.flush_soon(_runtime(app).redis)
        if sweeps % SWEEPS_PER_TICK == 0:
            _attempt(app, "expiry", expiry.tick)
            _attempt(app, "reminders", reminding.tick)
            _attempt(app, "hour", call_quota.watch)
            _attempt(app, "retention", retention.tick)
            _attempt(app, "drift", drift_schedule.tick)


def _render_ahead(app: Flask, stop: threading.Event) -> None:
    while not stop.wait(SWEEP_SECONDS):
        _attempt(app, "paper", ahead.tick)


def _sweep(of: Reader, runtime: Runtime) -> None:
    room.sweep(runtime, of)


def _attempt(app: Flask, name: str, task: Callable[[Runtime], object]) -> None:
    with app.app_context():
        try:
            task(_runtime(app))
        except Exception as error:  # noqa: BLE001  the database may be away for a while; sweeping continues
            log.warning("sweep.failed", task=name, error=type(error).__name__)
        finally:
            db.session.remove()


class AskableWorker(Worker):
    """RQ's worker, which remembers whether it was asked to stop: RQ also returns when something broke."""

    asked_to_stop = False

    def handle_warm_shutdown_request(self) -> None:
        """Called by RQ when the first signal comes."""
        self.asked_to_stop = True
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]


def new_worker(runtime: Runtime) -> AskableWorker:
    """A worker of every queue, which runs our own jobs alone."""
    return AskableWorker(
        [queues.of(runtime.redis, name) for name in (*reader.queues(), drift_schedule.QUEUE)],
        connection=runtime.redis,
        serializer=JSONSerializer,
        job_class=queues.KnownJob,
        worker_ttl=WORKER_TTL,
        maintenance_interval=30,
        job_monitoring_interval=10,
    )


def work(runtime: Runtime) -> None:
    """Take jobs until a signal, across times without Redis and across errors inside RQ."""
    while True:
        try:
            worker = new_worker(runtime)
            worker.work(logging_level="WARNING", dequeue_strategy=DequeueStrategy.ROUND_ROBIN)
            if worker.asked_to_stop:
                return
            log.error("worker.returned", sentence="RQ stopped without being asked; starting again in 2 s.")
        except (RedisError, OSError) as error:
            log.warning(
                "redis.away", error=type(error).__name__, sentence="Redis is down; trying again in 2 s."
            )
        try:
            time.sleep(RESTART_SECONDS)
        except StopRequested:  # raised by RQ's signal handler, which is still installed
            return


def _runtime(app: Flask) -> Runtime:
    runtime = app.extensions["quotewright"]
    assert isinstance(runtime, Runtime)  # noqa: S101  for the type checker
    return runtime


def main() -> int:
    """Run the sweeper and the worker. Returns the exit code."""
    app = application()
    warm_up(app)
    context = multiprocessing.get_context("fork")
    sweeper = context.Process(target=sweep_for_ever, args=(os.getpid(),), name="sweeper", daemon=True)
    sweeper.start()
    try:
        work(_runtime(app))
    finally:
        sweeper.terminate()
        sweeper.join(5)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
