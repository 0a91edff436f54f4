"""One push, step by step."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.activity import activity
from webapp.blueprints.support import actor, integrator_required, is_htmx, may, require, runtime
from webapp.services.accounts.permissions import Permission
from webapp.services.autotask.activity import repush, run_detail
from webapp.services.autotask.activity import runs as activities


@activity.get("/runs/<int:run_id>")
@login_required
def run(run_id: int) -> ResponseReturnValue:
    """Steps, calls and totals; htmx polls while the push is running."""
    shown = activities.get_run(run_id)
    require(Permission.SYNC, shown.quote)
    detail = run_detail.of_run(runtime(), shown)
    if is_htmx() and request.args.get("seen") == detail.mark:
        return "", 204
    template = "activity/_run.html" if is_htmx() else "activity/run.html"
    return render_template(template, detail=detail, run=shown, bodies=may(Permission.INTEGRATE))


@activity.post("/runs/<int:run_id>/steps/<int:step_id>/again")
@login_required
def retry_step(run_id: int, step_id: int) -> ResponseReturnValue:
    """Push again from one step on."""
    step = repush.get_step(run_id, step_id)
    require(Permission.SYNC, step.run.quote)
    entry = repush.retry_from(runtime(), actor(), step).entry
    return redirect(url_for("activity.quote_panel", quote_id=entry.quote_id), 303)


@activity.get("/calls/<int:call_id>")
@integrator_required
def call(call_id: int) -> ResponseReturnValue:
    """The request and response of one call; for those who set up integrations, since they are whole records."""
    template = "activity/_call.html" if is_htmx() else "activity/call.html"
    return render_template(template, call=activities.get_call(call_id))
