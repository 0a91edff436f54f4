"""Sign in, in one step or two, sign out, and set up the first admin."""

from __future__ import annotations

from flask import Blueprint

auth = Blueprint("auth", __name__)

from webapp.blueprints.auth import (  # noqa: F401  the views register themselves
    second_step,
    session,
    single_sign_on,
    views,
)
