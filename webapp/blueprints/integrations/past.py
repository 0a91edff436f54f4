"""Looking back at the Autotask settings, going back to earlier ones, and trying out those of now."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from webapp.blueprints.integrations import integrations
from webapp.blueprints.support import actor, admin_required, back_to, runtime
from webapp.services.autotask import settings_history, settings_store, trial
from webapp.services.autotask.choices import Choices
from webapp.services.errors import ServiceError


@integrations.get("/autotask/history")
@admin_required
def history() -> ResponseReturnValue:
    """Who changed what, and when."""
    entries = settings_history.entries(Choices(runtime()))
    return render_template("integrations/autotask/history.html", entries=entries)


@integrations.post("/autotask/history/<int:number>/restore")
@admin_required
def restore(number: int) -> ResponseReturnValue:
    """Make an earlier version count again."""
    made = settings_store.restore(number, actor())
    return back_to("integrations.history", f"Version {number} counts again, as version {made}.")


@integrations.get("/autotask/test")
@admin_required
def try_out() -> ResponseReturnValue:
    """What the push of a sample quote would do, with nothing written."""
    problem, result = "", None
    try:
        result = trial.run(runtime(), actor())
    except ServiceError as error:
        problem = str(error)
    return render_template("integrations/autotask/trial.html", trial=result, problem=problem)
