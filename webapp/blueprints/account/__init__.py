"""Your account: what each person sets for themselves."""

from __future__ import annotations

from flask import Blueprint

account = Blueprint("account", __name__, url_prefix="/account")

from webapp.blueprints.account import two_step, views  # noqa: F401  the views register themselves
