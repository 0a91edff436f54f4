"""Stay below Autotask's hourly call limit, which all integrations of its database share.

A push notices the limit when Autotask refuses a call. To avoid that, the sweeper asks for the count once a minute while
there are pushes to run; when nearly all calls are used, our processes make none for a minute.
"""

from __future__ import annotations

from contextlib import suppress

import structlog
from redis import Redis
from redis.exceptions import RedisError

from webapp.models import Delivery, db
from webapp.models.delivery import UNDER_WAY
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.api.errors import AutotaskError, ConnectionRefused, NotConnected
from webapp.services.autotask.connection import connection
from webapp.services.autotask.push import gate
from webapp.services.core.runtime import Runtime

# The rest is left for searching, pulling and connecting, and for other integrations.
NEARLY_ALL = 0.9
LEFT = "quotewright:autotask:hour-left"
HOUR_SECONDS = 3600

log = structlog.get_logger(__name__)


def watch(runtime: Runtime) -> None:
    """Ask for the count if there are pushes to run; stop calls for a minute when nearly all are used."""
    if gate.current() is not None or not _anything_to_push():
        return
    try:
        client = connection.open_client(runtime)
        db.session.commit()  # no transaction stays open while Autotask is asked
        count = client.threshold()
        used, limit = int(count["currentTimeframeRequestCount"]), int(count["externalRequestThreshold"])
    except (AutotaskError, NotConnected, ConnectionRefused, KeyError, TypeError, ValueError):
        return
    _note_left(runtime, max(0, limit - used))
    if limit and used >= limit * NEARLY_ALL:
        log.warning("autotask.hour_nearly_used", used=used, limit=limit)
        client.close_hour()


def last_left(redis: Redis) -> int | None:
    """How many calls Autotask still allowed when it was last asked, within the hour; None when nobody knows.

    Raises RedisError.
    """
    stored = redis.get(LEFT)
    return int(stored) if stored is not None else None


def _note_left(runtime: Runtime, left: int) -> None:
    with suppress(RedisError, OSError):
        runtime.redis.set(LEFT, left, ex=HOUR_SECONDS)


def _anything_to_push() -> bool:
    query = db.select(Delivery.id).where(Delivery.reader == AUTOTASK, Delivery.state.in_(UNDER_WAY)).limit(1)
    return db.session.scalar(query) is not None
