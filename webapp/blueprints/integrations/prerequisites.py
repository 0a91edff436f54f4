"""The prerequisites at the top of the Autotask settings, checked live."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.blueprints.integrations import integrations
from webapp.blueprints.integrations.autotask import page
from webapp.blueprints.support import actor, back_to, integrator_required, is_htmx, runtime
from webapp.models import db
from webapp.services.autotask.connection import connection, prerequisites
from webapp.services.core.errors import ServiceError


@integrations.get("/autotask/prerequisites")
@integrator_required
def check_prerequisites() -> ResponseReturnValue:
    """Permissions, integration code and remaining calls, read from Autotask."""
    checks = prerequisites.check(runtime())
    if is_htmx():
        return render_template("integrations/autotask/_checks.html", checks=checks)
    return page(checks=checks)


@integrations.post("/autotask/check-again")
@integrator_required
def check_again() -> ResponseReturnValue:
    """Try the stored credentials again, after a fix in Autotask."""
    try:
        connection.check_again(runtime(), actor())
    except ServiceError as error:
        db.session.rollback()
        sentences = " ".join([str(error), *getattr(error, "fields", {}).values()])
        flash(f"Still not working. {sentences}", "error")
        return redirect(url_for("integrations.autotask"), 303)
    return back_to("integrations.autotask", "Autotask accepts the credentials again. Waiting syncs resume.")
