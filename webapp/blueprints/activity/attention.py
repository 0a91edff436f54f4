"""What the signed-in person was told and has not put aside: on the home page, and behind the bell."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.activity import activity
from webapp.blueprints.support import actor, is_htmx, refusal
from webapp.services.core.fields import parse_id
from webapp.services.delivery import notifications


@activity.get("/attention")
@login_required
def attention() -> ResponseReturnValue:
    """Pushes that stopped and wait for a person."""
    template = "activity/_attention.html" if is_htmx() else "activity/attention.html"
    return render_template(template, told=notifications.unread(actor()))


@activity.post("/attention/aside")
@login_required
def put_aside() -> ResponseReturnValue:
    """Mark one as read, or ``all`` of them."""
    wanted = request.form.get("notification_id", "")
    chosen = parse_id(wanted)
    if chosen is None and wanted != "all":
        return refusal(404)
    notifications.put_aside(actor(), chosen)
    if is_htmx():
        return render_template("activity/_attention.html", told=notifications.unread(actor()))
    return redirect(url_for("activity.attention"), 303)
