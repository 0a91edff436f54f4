"""Autotask changes: differences between Autotask and the quotes, and deciding about them."""

from __future__ import annotations

from flask import Blueprint

drift = Blueprint("drift", __name__, url_prefix="/drift")

from webapp.blueprints.drift import views  # noqa: F401  the views register themselves
