"""The customer's page, opened with the link to the quote; no sign-in."""

from __future__ import annotations

from flask import Blueprint

public = Blueprint("public", __name__, url_prefix="/q")

from webapp.blueprints.public import talking, views  # noqa: F401  the views register themselves
