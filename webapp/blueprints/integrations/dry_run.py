"""Testing the Autotask settings with a sample quote."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from webapp.blueprints.integrations import integrations
from webapp.blueprints.support import actor, integrator_required, is_htmx, runtime
from webapp.services.autotask.preview import dry_run as services
from webapp.services.core.errors import ServiceError


@integrations.get("/autotask/test")
@integrator_required
def dry_run() -> ResponseReturnValue:
    """What the push of a sample quote would do, with nothing written. The page asks for the result by itself."""
    if not is_htmx() and "run" not in request.args:
        return render_template("integrations/autotask/dry_run.html", asked=False)
    context: dict[str, object] = {"result": None, "problem": ""}
    try:
        context["result"] = services.run(runtime(), actor())
    except ServiceError as error:
        context["problem"] = str(error)
    template = "_dry_run.html" if is_htmx() else "dry_run.html"
    return render_template(f"integrations/autotask/{template}", asked=True, **context)
