"""People and organizations."""

from __future__ import annotations

from flask import Blueprint

people = Blueprint("people", __name__, url_prefix="/people")

from webapp.blueprints.people import organizations, persons  # noqa: F401  the views register themselves
