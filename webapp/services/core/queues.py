"""The queues in Redis, which may be read and written by others than us.

So a job is JSON, only the functions in ``FUNCTIONS`` run, and nothing else that RQ would look up by a name in Redis is
called: no method, no callback, no webhook.
"""

from __future__ import annotations

from typing import Any

import structlog
from redis import Redis
from rq import Queue
from rq.exceptions import DeserializationError
from rq.job import Job
from rq.serializers import JSONSerializer

DELIVER = "worker.deliver"
COMPARE = "worker.compare_quotes"
FUNCTIONS = frozenset({DELIVER, COMPARE})

log = structlog.get_logger(__name__)


class RefusedJobError(DeserializationError):
    """The job isn't one of ours; nothing ran."""


class KnownJob(Job):
    """A job that runs only if it is one of ours."""

    def restore(self, raw_data: Any) -> Any:
        """Read the job from Redis, without what would be called beside its function."""
        super().restore(raw_data)
        self._success_callback_name = self._failure_callback_name = self._stopped_callback_name = None
        self.webhooks = []

    def _deserialize_data(self) -> None:
        """Where RQ learns what a stored job calls. Raises RefusedJobError, after logging it, if it isn't ours."""
        try:
            name, method_of, _args, _kwargs = self.serializer.loads(self.data)
        except Exception:  # noqa: BLE001  whatever a stranger wrote
            name, method_of = "", None
        if not isinstance(name, str) or name not in FUNCTIONS or method_of is not None:
            sentence = "This job isn't one of ours, so it wasn't run. Check who can write to Redis."
            log.error("job.refused", job=self.id, function=str(name), queue=self.origin, sentence=sentence)
            raise RefusedJobError(sentence)
        super()._deserialize_data()  # type: ignore[no-untyped-call]


def of(redis: Redis, name: str) -> Queue:
    """The queue of this name."""
    return Queue(name, connection=redis, serializer=JSONSerializer, job_class=KnownJob)
