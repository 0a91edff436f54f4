"""LiveLinks: where Autotask's own pages lead to."""

from __future__ import annotations

from flask import Blueprint

livelinks = Blueprint("livelinks", __name__, url_prefix="/livelinks")

from webapp.blueprints.livelinks import views  # noqa: F401  the views register themselves
