"""How long the bodies of calls to Autotask are kept. They hold whole records; the calls themselves stay in the log."""

from __future__ import annotations

from datetime import timedelta

from webapp.models import PushCall, db, utc_now
from webapp.services.core import work
from webapp.services.core.runtime import Runtime

# In one transaction, so that no sweep holds up others for long.
AT_ONCE = 500


@work.command
def tick(runtime: Runtime) -> int:
    """Empty the bodies that are older than the setting allows, oldest first. Returns the number of calls."""
    before = utc_now() - timedelta(days=runtime.config.call_bodies_days)
    old = (
        db.select(PushCall.id)
        .where(PushCall.at < before, (PushCall.request_body != "") | (PushCall.response_body != ""))
        .order_by(PushCall.id)
        .limit(AT_ONCE)
    )
    ids = db.session.scalars(old).all()
    emptied = db.update(PushCall).where(PushCall.id.in_(ids)).values(request_body="", response_body="")
    db.session.execute(emptied.execution_options(synchronize_session=False))
    return len(ids)
