"""The first page after signing in."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import login_required

home = Blueprint("home", __name__)


@home.get("/")
@login_required
def dashboard() -> ResponseReturnValue:
    """What waits for the signed-in person."""
    return render_template("home/dashboard.html")
