"""One push, step by step."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.activity import activity
from webapp.blueprints.activity.access import NOT_YOURS, is_admin, is_theirs
from webapp.blueprints.support import admin_required, is_htmx, refusal, runtime
from webapp.services.autotask import activity as activities
from webapp.services.autotask import run_detail


@activity.get("/runs/<int:run_id>")
@login_required
def run(run_id: int) -> ResponseReturnValue:
    """Steps, calls and sums; htmx asks again while the push is under way."""
    found = activities.get_run(run_id)
    if not is_theirs(found.quote):
        return refusal(403, NOT_YOURS)
    detail = run_detail.of_run(runtime(), found)
    if is_htmx() and request.args.get("seen") == detail.mark:
        return "", 204
    template = "activity/_run.html" if is_htmx() else "activity/run.html"
    return render_template(template, detail=detail, run=found, bodies=is_admin())


@activity.get("/calls/<int:call_id>")
@admin_required
def call(call_id: int) -> ResponseReturnValue:
    """What was sent and answered in one call; admins only, since it holds whole records of Autotask."""
    template = "activity/_call.html" if is_htmx() else "activity/call.html"
    return render_template(template, call=activities.get_call(call_id))
