"""Activity: what was pushed to Autotask, what waits, what went wrong and the way on."""

from __future__ import annotations

from flask import Blueprint

activity = Blueprint("activity", __name__, url_prefix="/activity")

from webapp.blueprints.activity import (  # noqa: F401  the views register themselves
    quote,
)
