"""The signed-in user's notifications, on the home page and behind the bell."""

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
    """Notifications about pushes that stopped and wait for a person."""
    template = "activity/_attention.html" if is_htmx() else "activity/attention.html"
    return render_template(template, unread=notifications.unread(actor()))


@activity.post("/attention/aside")
@login_required
def put_aside() -> ResponseReturnValue:
    """Dismiss one notification, or ``all`` of them."""
    asked = request.form.get("notification_id", "")
    chosen = parse_id(asked)
    if chosen is None and asked != "all":
        return refusal(404)
    notifications.put_aside(actor(), chosen)
    if is_htmx():
        return render_template("activity/_attention.html", unread=notifications.unread(actor()))
    return redirect(url_for("activity.attention"), 303)
