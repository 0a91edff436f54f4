"""Queueing deliveries for the workers. The queue only carries ids; the work itself is a row in the database."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from redis.exceptions import RedisError

from webapp.services.core import queues
from webapp.services.core.runtime import Runtime

# Not 0: RQ would then delete a lost job while it still lists executions of it, and its worker would stop over that.
FORGET_SECONDS = 60

log = structlog.get_logger(__name__)


def enqueue(runtime: Runtime, queue_name: str, jobs: Mapping[str, int], seconds: int) -> int:
    """Queue a job for each delivery without a queued job; returns how many, 0 without Redis.

    ``jobs``: job id to delivery id. A dead worker's job is no longer in the queue, so its delivery gets a new job. If
    two jobs have the same delivery, the second finds it claimed.
    """
    if not jobs:
        return 0
    try:
        queue = queues.of(runtime.redis, queue_name)
        queued = set(queue.get_job_ids())
        missing = [
            queue.prepare_data(
                queues.DELIVER,
                (delivery_id,),
                timeout=seconds,
                result_ttl=0,
                failure_ttl=FORGET_SECONDS,
                job_id=job_id,
            )
            for job_id, delivery_id in jobs.items()
            if job_id not in queued
        ]
        if missing:
            queue.enqueue_many(missing)
        return len(missing)
    except (RedisError, OSError) as error:
        log.warning("queue.away", error=type(error).__name__)
        return 0
