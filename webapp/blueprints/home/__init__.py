"""The first page after signing in."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.support import actor
from webapp.services.autotask.activity import states
from webapp.services.core import health
from webapp.services.quoting.lists import dashboard as dashboards

home = Blueprint("home", __name__)


@home.get("/healthz")
def healthz() -> ResponseReturnValue:
    """For a load balancer or a monitor: 200 while the database answers."""
    if health.database_answers():
        return "ok", 200
    return "The database does not answer.", 503


@home.get("/")
@login_required
def dashboard() -> ResponseReturnValue:
    """What waits for the signed-in person, or (``who=everybody``) for the whole desk."""
    everybody = request.args.get("who") == "everybody"
    day = dashboards.day_of(actor(), everybody=everybody)
    rows = (*day.to_order, *day.expiring, *day.waiting, *day.drafts, *day.expired)
    badges = states.of_quotes([row.quote.id for row in rows])
    return render_template("home/dashboard.html", day=day, everybody=everybody, push_badges=badges)
