"""How long the bodies of calls to Autotask are kept. They hold whole records; the calls themselves stay in the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select

from webapp.models import PushCall, db, utc_now
from webapp.models.push import WITH_BODY
from webapp.services.core import work
from webapp.services.core.runtime import Runtime

# In one transaction, so that no sweep holds up others for long.
AT_ONCE = 500


def tick(runtime: Runtime, days: int | None = None) -> int:
    """Empty the bodies that are older than ``days``, oldest first. Returns the number of calls.

    ``days``: as the company says (``privacy.keeping``); without it, as the operator does.

    Nobody's writing waits while it looks, and there is a unit of work only where there are some.
    """
    before = utc_now() - timedelta(days=days or runtime.config.call_bodies_days)
    with work.reading():
        ids = db.session.scalars(old_calls(before)).all()
        work.pause()
    if ids:
        _empty(ids)
    return len(ids)


def old_calls(before: datetime) -> Select[int]:
    """The ids of the oldest calls from before then that have a body."""
    query: Select[int] = (
        db.select(PushCall.id)
        .where(PushCall.at < before, WITH_BODY)
        .order_by(PushCall.at, PushCall.id)
        .limit(AT_ONCE)
    )
    return query


@work.command
def _empty(ids: Sequence[int]) -> None:
    emptied = db.update(PushCall).where(PushCall.id.in_(ids)).values(request_body="", response_body="")
    db.session.execute(emptied.execution_options(synchronize_session=False))
