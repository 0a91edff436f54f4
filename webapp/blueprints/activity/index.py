"""The list of all pushes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.activity import activity
from webapp.blueprints.support import actor, is_htmx, may, page_number
from webapp.filters import reader_place
from webapp.services.accounts.permissions import Permission
from webapp.services.autotask.activity import bulk
from webapp.services.autotask.activity import runs as activities
from webapp.services.autotask.activity.runs import Filters
from webapp.services.autotask.connection import pausing
from webapp.services.autotask.drift import listing as drift_listing
from webapp.services.core.fields import Reader


@activity.get("/")
@login_required
def index() -> ResponseReturnValue:
    """Search and filter; htmx gets only the list, or 204 while nothing has changed."""
    filters = _filters()
    sees_all, integrates = may(Permission.SYNC), may(Permission.INTEGRATE)
    seen = filters if sees_all else replace(filters, owner_id=actor().id)
    page = activities.runs(seen, page_number())
    queue = activities.queue(None if sees_all else actor().id)
    mark = activities.digest([page.mark, queue.mark])
    if is_htmx() and request.args.get("seen") == mark:
        return "", 204
    context: dict[str, Any] = {"page": page, "queue": queue, "filters": filters, "mark": mark}
    context |= {"asked": _as_arguments(filters), "sees_all": sees_all}
    if is_htmx():
        return render_template("activity/_runs.html", **context)
    if sees_all:
        context["owners"] = activities.owners()
    if integrates:
        context |= {"pause": pausing.current(), "batches": bulk.batches()}
    context["drifted"] = drift_listing.count(None if sees_all else actor().id)
    return render_template("activity/index.html", **context, states=activities.RUN_STATES)


def _filters() -> Filters:
    """The filters in the request's URL; invalid values don't filter."""
    reader = Reader(request.args)
    state = reader.raw("state")
    since, until = reader.day("since"), reader.day("until")
    return Filters(
        state=state if state in activities.RUN_STATES else "",
        text=reader.raw("q")[:200],
        owner_id=reader.identifier("owner") if may(Permission.SYNC) else None,
        since=None if "since" in reader.errors else since,
        until=None if "until" in reader.errors else until,
        place=reader_place(),
    )


def _as_arguments(filters: Filters) -> dict[str, Any]:
    """The filters as URL arguments, without empty values."""
    values = {
        "state": filters.state,
        "q": filters.text,
        "owner": filters.owner_id,
        "since": filters.since.isoformat() if filters.since else "",
        "until": filters.until.isoformat() if filters.until else "",
    }
    return {name: value for name, value in values.items() if value}
