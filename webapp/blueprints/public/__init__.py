"""The customer's page, opened by the link in their email; nobody signs in here."""

from __future__ import annotations

from flask import Blueprint

public = Blueprint("public", __name__, url_prefix="/q")

from webapp.blueprints.public import views  # noqa: F401  the views register themselves
