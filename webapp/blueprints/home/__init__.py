"""The first page after signing in."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.support import actor
from webapp.services import dashboard as dashboards

home = Blueprint("home", __name__)


@home.get("/")
@login_required
def dashboard() -> ResponseReturnValue:
    """What waits for the signed-in person, or (``who=everybody``) for the whole desk."""
    everybody = request.args.get("who") == "everybody"
    day = dashboards.day_of(actor(), everybody=everybody)
    return render_template("home/dashboard.html", day=day, everybody=everybody)
