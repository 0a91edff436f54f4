"""Reading Autotask's lists anew, some at a time, so that the page can show how far it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.blueprints.integrations import integrations
from webapp.blueprints.support import admin_required, back_to, is_htmx, runtime
from webapp.models import db
from webapp.services.autotask.connection import connection, metadata
from webapp.services.core.errors import ServiceError


@integrations.post("/autotask/lists")
@admin_required
def lists() -> ResponseReturnValue:
    """Read some of the lists that are older than ``since``, and ask for the next; without JavaScript read them all."""
    since, first = _since(), bool(request.form.get("first"))
    due = metadata.due(since)
    try:
        metadata.refresh(runtime(), due[: metadata.AT_ONCE] if is_htmx() else due)
    except ServiceError as error:
        db.session.rollback()
        if is_htmx():
            return _partial(since, first, problem=str(error))
        flash(f"The lists were not read anew, and those of the last time still serve. {error}", "error")
        return redirect(url_for("integrations.autotask"), 303)
    if not is_htmx():
        return back_to("integrations.autotask", "The lists were read from Autotask anew.")
    if metadata.due(since):
        return _partial(since, first)
    answer = make_response(_partial(None, first))
    # The page waits for its first lists as a whole; later its sections are drawn anew around what was typed.
    if first:
        answer.headers["HX-Refresh"] = "true"
    else:
        answer.headers["HX-Trigger-After-Settle"] = "lists-renewed"
    return answer


def of_page() -> dict[str, Any]:
    """What the page shows of the lists; those that are too old are read as soon as it is there."""
    unread = metadata.unread()
    stale = datetime.now(UTC) - metadata.MAX_AGE
    reading = connection.is_connected() and bool(metadata.due(stale))
    return shown(stale if reading else None, len(unread) == len(metadata.NAMES))


def shown(since: datetime | None, first: bool, *, problem: str = "") -> dict[str, Any]:
    """What the partial needs. ``since``: lists older than that are still to be read; None: none are."""
    return {
        "fetched_at": metadata.fetched_at(),
        "lists_since": since.isoformat() if since else None,
        "lists_left": len(metadata.due(since)) if since else 0,
        "lists_total": len(metadata.NAMES),
        "lists_first": first,
        "lists_problem": problem,
    }


def _partial(since: datetime | None, first: bool, **more: Any) -> str:
    return render_template("integrations/autotask/_lists.html", **shown(since, first, **more))


def _since() -> datetime:
    """From when on a list counts as fresh: a time that an earlier step named, never a later one than now.

    To the microsecond, so that the lists read a moment ago are read anew as well when somebody asks for it.
    """
    now = datetime.now(UTC)
    try:
        given = datetime.fromisoformat(request.form.get("since", ""))
    except ValueError:
        return now
    return given if given.tzinfo and given < now else now
