"""Settings: users, company profile, required fields, loss reasons, links to the integrations."""

from __future__ import annotations

from flask import Blueprint

settings = Blueprint("settings", __name__, url_prefix="/settings")

from webapp.blueprints.settings import (  # noqa: F401  the views register themselves
    company,
    home,
    loss_reasons,
    required_fields,
    single_sign_on,
    users,
)
