"""Settings: users, sign-in, company profile, privacy, required fields, loss reasons, links to the integrations."""

from __future__ import annotations

from flask import Blueprint

settings = Blueprint("settings", __name__, url_prefix="/settings")

from webapp.blueprints.settings import (  # noqa: F401  the views register themselves
    audit,
    brand,
    company,
    home,
    loss_reasons,
    mail,
    payments,
    privacy,
    required_fields,
    roles,
    seal,
    sign_in,
    signing,
    single_sign_on,
    users,
)
