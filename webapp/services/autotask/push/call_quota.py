"""Staying away from the calls that Autotask allows in an hour, which all integrations of its database share.

A push learns of the limit when it is refused. Before it comes to that, the sweeper asks once a minute, while pushes are
to be made, how many calls are used; when nearly all are, no process of ours begins one for a minute.
"""

from __future__ import annotations

import structlog

from webapp.models import OutboxEntry, db
from webapp.models.push import RUNNING, WAITING
from webapp.services.autotask.api.errors import AutotaskError, ConnectionRefused, NotConnected
from webapp.services.autotask.connection import connection
from webapp.services.autotask.push import gate
from webapp.services.core.runtime import Runtime

# The rest is for people who pull, search and connect, and for other integrations.
NEARLY_ALL = 0.9

log = structlog.get_logger(__name__)


def watch(runtime: Runtime) -> None:
    """Ask, if pushes are to be made, and close for a minute when nearly all of the hour's calls are used."""
    if gate.current() is not None or not _anything_to_push():
        return
    try:
        client = connection.open_client(runtime)
        db.session.commit()  # no transaction stays open while Autotask is asked
        count = client.threshold()
        used, limit = int(count["currentTimeframeRequestCount"]), int(count["externalRequestThreshold"])
    except (AutotaskError, NotConnected, ConnectionRefused, KeyError, TypeError, ValueError):
        return
    if limit and used >= limit * NEARLY_ALL:
        log.warning("autotask.hour_nearly_used", used=used, limit=limit)
        client.close_hour()


def _anything_to_push() -> bool:
    query = db.select(OutboxEntry.id).where(OutboxEntry.state.in_((WAITING, RUNNING))).limit(1)
    return db.session.scalar(query) is not None
