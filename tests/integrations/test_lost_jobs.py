"""What RQ keeps of a job whose worker was killed must not end the worker that cleans up after it."""

from __future__ import annotations

from flask import Flask
from redis import Redis
from rq.executions import ExecutionRegistry
from rq.job import Job, JobStatus
from rq.registry import StartedJobRegistry

from webapp.services.core import queues
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import jobs


def lose(redis: Redis, job_id: str) -> StartedJobRegistry:
    """The job's worker was killed long ago: its execution has expired, and its entry in the registry is over."""
    Job.fetch(job_id, connection=redis).set_status(JobStatus.STARTED)
    redis.zadd(ExecutionRegistry(job_id, connection=redis).key, {"deadbeef": 9e9})
    registry = StartedJobRegistry(queue=queues.of(redis, "pushes"))
    redis.zadd(registry.key, {f"{job_id}:deadbeef": 1})
    return registry


def test_cleaning_up_after_a_killed_worker_raises_nothing(redis_url: str, app: Flask) -> None:
    runtime: Runtime = app.extensions["quotewright"]
    redis = Redis.from_url(redis_url)
    jobs.enqueue(runtime, "pushes", {"push-1-0": 1}, seconds=60)
    redis.delete("rq:queue:pushes")
    registry = lose(redis, "push-1-0")
    registry.cleanup()
    assert registry.get_job_ids(cleanup=False) == []
