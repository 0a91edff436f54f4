"""The worker: does the jobs from RQ, and sweeps the delivery room for what RQ lost.

``python worker.py``. Each reader has its own queue, and so have comparisons with Autotask; the queues are served in
turn. The sweeper is a child process, so that it continues while a push runs and while Redis is down.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import cache, partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType

import structlog
from flask import Flask
from redis.client import Pipeline
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
from webapp.services.company import maintenance
from webapp.services.core import deadline, failpoints, metrics, queues, tracing, turns
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
# One worker's turn a minute for all of them: a little less, so that who comes a second early isn't skipped.
TURN = timedelta(seconds=55)
WORKER_TTL = 60
RESTART_SECONDS = 2
# A page gets nine tenths of a processor that it and a worker both want.
NICENESS = 10

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
            tracing.flush()
            metrics.flush(_runtime(app).redis)


def compare_quotes() -> None:
    """The job: compare the due quotes with Autotask."""
    app = application()
    with app.app_context():
        try:
            if not maintenance.asked().is_on:
                drift_schedule.compare_due(_runtime(app))
        finally:
            db.session.remove()
            tracing.flush()
            metrics.flush(_runtime(app).redis)


def warm_up(app: Flask) -> None:
    """Do once what every job would repeat, since each job runs in a fork of this process.

    Configure the mappers, load the PDF libraries, and compile the most frequent SQL. The database may be away; no
    connection stays open for the forks to inherit. What is loaded by then stays for good, so no fork looks for garbage
    in it: that would copy all of it, for each job.
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
    gc.collect()
    gc.freeze()


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
            for name, task in SCHEDULES.items():
                _attempt(app, name, partial(_in_turn, name, task))


def _render_ahead(app: Flask, stop: threading.Event) -> None:
    while not stop.wait(SWEEP_SECONDS):
        _attempt(app, "paper", ahead.tick)


SCHEDULES: dict[str, Callable[[Runtime], object]] = {
    "expiry": expiry.tick,
    "reminders": reminding.tick,
    "hour": call_quota.watch,
    "retention": retention.tick,
    "drift": drift_schedule.tick,
}


def _in_turn(name: str, task: Callable[[Runtime], object], runtime: Runtime) -> None:
    if turns.take(name, TURN):
        task(runtime)


def _sweep(of: Reader, runtime: Runtime) -> None:
    room.sweep(runtime, of)


def _attempt(app: Flask, name: str, task: Callable[[Runtime], object]) -> None:
    with app.app_context():
        try:
            if not maintenance.asked().is_on:
                task(_runtime(app))
        except Exception as error:  # noqa: BLE001  the database may be away for a while; sweeping continues
            log.warning("sweep.failed", task=name, error=type(error).__name__)
        finally:
            db.session.remove()


class Sweeper:
    """The child process that sweeps, started again when it died: of one worker alone, nobody else would sweep."""

    def __init__(self, sweep: Callable[[int], None] = sweep_for_ever) -> None:
        self._sweep = sweep
        self._owner = os.getpid()
        self._process: BaseProcess | None = None

    @property
    def pid(self) -> int | None:
        """The process that sweeps, or did last."""
        return self._process.pid if self._process else None

    def ensure(self) -> None:
        """Start it unless it runs. Does nothing in a process that was forked from the worker, such as a job's."""
        if os.getpid() != self._owner or (self._process is not None and self._process.is_alive()):
            return
        if self._process is not None:
            log.error("sweeper.died", exit_code=self._process.exitcode, sentence="Starting another one.")
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=self._sweep, args=(self._owner,), name="sweeper", daemon=True)
        self._process.start()

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.join(5)


class AskableWorker(Worker):
    """RQ's worker, which remembers whether it was asked to stop: RQ also returns when something broke.

    It looks after the sweeper whenever it says that it lives: every 45 seconds, in a job every 10.
    """

    death_penalty_class = deadline.Deadline
    asked_to_stop = False
    sweeper: Sweeper | None = None

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Called by RQ."""
        if self.sweeper is not None:
            self.sweeper.ensure()
        super().heartbeat(timeout, pipeline)

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


def work(runtime: Runtime, sweeper: Sweeper | None = None) -> None:
    """Take jobs until a signal, across times without Redis and across errors inside RQ."""
    while True:
        if sweeper is not None:
            sweeper.ensure()
        try:
            worker = new_worker(runtime)
            worker.sweeper = sweeper
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


def give_way() -> None:
    """Let web pages go first where processors are short: who clicks waits for them, nobody for a worker's minute."""
    os.nice(max(0, NICENESS - os.nice(0)))
    # Linux can share processors by session first, and a worker leads one of its own (man 7 sched, autogroup).
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICENESS))


def main() -> int:
    """Run the sweeper and the worker. Returns the exit code."""
    give_way()
    app = application()
    warm_up(app)
    sweeper = Sweeper()
    sweeper.ensure()
    try:
        work(_runtime(app), sweeper)
    finally:
        sweeper.stop()
    return 0


if __name__ == "__main__":
    # RQ looks a job's function up in the module ``worker``: that is this one, with the application that is loaded.
    sys.modules["worker"] = sys.modules["__main__"]
    raise SystemExit(main())
