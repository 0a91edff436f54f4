"""Sign in, sign out, and set up the first admin."""

from __future__ import annotations

from flask import Blueprint

auth = Blueprint("auth", __name__)

from webapp.blueprints.auth import session, single_sign_on, views  # noqa: F401  the views register themselves
