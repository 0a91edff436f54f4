"""The list of integrations."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from webapp.blueprints.integrations import integrations
from webapp.blueprints.support import integrator_required
from webapp.services.integrations import registry


@integrations.get("/")
@integrator_required
def index() -> ResponseReturnValue:
    """All integrations by group."""
    return render_template("integrations/index.html", groups=registry.by_group())
