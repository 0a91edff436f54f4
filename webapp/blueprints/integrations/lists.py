"""Refreshing Autotask's lists, a few at a time, so that the page can show the progress."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.blueprints.integrations import integrations
from webapp.blueprints.support import back_to, integrator_required, is_htmx, runtime
from webapp.models import db
from webapp.services.autotask.connection import connection, stored_lists
from webapp.services.core.errors import ServiceError


@integrations.post("/autotask/lists")
@integrator_required
def lists() -> ResponseReturnValue:
    """Refresh some of the lists older than ``since`` and ask for the next; without JavaScript, refresh all of them."""
    since, first = _since(), bool(request.form.get("first"))
    due = stored_lists.due(since)
    try:
        stored_lists.refresh(runtime(), due[: stored_lists.AT_ONCE] if is_htmx() else due)
    except ServiceError as error:
        db.session.rollback()
        if is_htmx():
            return _partial(since, first, problem=str(error))
        flash(f"The lists weren't refreshed. The page still uses the previous lists. {error}", "error")
        return redirect(url_for("integrations.autotask"), 303)
    if not is_htmx():
        return back_to("integrations.autotask", "Autotask lists refreshed.")
    if stored_lists.due(since):
        return _partial(since, first)
    answer = make_response(_partial(None, first))
    # After the first lists the whole page reloads; later its sections are redrawn around the unsaved input.
    if first:
        answer.headers["HX-Refresh"] = "true"
    else:
        answer.headers["HX-Trigger-After-Settle"] = "lists-refreshed"
    return answer


def of_page() -> dict[str, Any]:
    """The state of the lists for the page, which refreshes outdated lists as soon as it is loaded."""
    unread = stored_lists.unread()
    outdated = datetime.now(UTC) - stored_lists.MAX_AGE
    reading = connection.is_connected() and bool(stored_lists.due(outdated))
    return progress(outdated if reading else None, len(unread) == len(stored_lists.NAMES))


def progress(since: datetime | None, first: bool, *, problem: str = "") -> dict[str, Any]:
    """The values for the partial. ``since``: lists older than this still have to be read; None: no list has to be."""
    return {
        "fetched_at": stored_lists.fetched_at(),
        "lists_since": since.isoformat() if since else None,
        "lists_left": len(stored_lists.due(since)) if since else 0,
        "lists_total": len(stored_lists.NAMES),
        "lists_first": first,
        "lists_problem": problem,
    }


def _partial(since: datetime | None, first: bool, **more: Any) -> str:
    return render_template("integrations/autotask/_lists.html", **progress(since, first, **more))


def _since() -> datetime:
    """Lists read before this time are refreshed: the time an earlier step sent, but never later than now.

    To the microsecond, so that even lists read a moment ago are refreshed when the admin asks for it.
    """
    now = datetime.now(UTC)
    try:
        given = datetime.fromisoformat(request.form.get("since", ""))
    except ValueError:
        return now
    return given if given.tzinfo and given < now else now
