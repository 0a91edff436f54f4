"""Looking back at the Autotask settings, going back to earlier ones, and trying out those of now."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.blueprints.integrations import integrations
from webapp.blueprints.integrations.autotask import cached
from webapp.blueprints.support import actor, admin_required, back_to, is_htmx, runtime
from webapp.models import db
from webapp.services.autotask.preview import dry_run
from webapp.services.autotask.settings import history as settings_history
from webapp.services.autotask.settings import page as settings_page
from webapp.services.autotask.settings import store as settings_store
from webapp.services.core.errors import Conflict, ServiceError
from webapp.services.core.fields import MAX_ID, parse_id


@integrations.get("/autotask/history")
@admin_required
def history() -> ResponseReturnValue:
    """Who changed what, and when; first what “Save Integration” would change now."""
    return _history()


@integrations.post("/autotask/history/<int:number>/restore")
@admin_required
def restore(number: int) -> ResponseReturnValue:
    """Make an earlier version count again, or bring it back as drafts when Autotask lacks something of it."""
    try:
        made, problems = settings_page.restore(number, cached(), actor(), request.form.get("seen", ""))
    except Conflict as error:
        db.session.rollback()
        return _history(str(error)), 409
    if not problems:
        return back_to("integrations.history", f"Version {number} counts again, as version {made}.")
    told = " ".join(problems.values())
    flash(
        f"Version {number} was brought back as drafts; version {made} still counts, since Autotask has changed. "
        f"{told} Fix that below, then press “Save Integration”.",
        "error",
    )
    return redirect(url_for("integrations.autotask"), 303)


def _history(sentence: str = "") -> str:
    choices, before = cached(), parse_id(request.args.get("before")) or MAX_ID
    return render_template(
        "integrations/autotask/history.html",
        entries=settings_history.entries(choices, before),
        waiting=settings_history.waiting(choices) if before == MAX_ID else [],
        seen=settings_store.mark(),
        sentence=sentence,
    )


@integrations.get("/autotask/test")
@admin_required
def try_out() -> ResponseReturnValue:
    """What the push of a sample quote would do, with nothing written. The page first, then the result by itself."""
    if not is_htmx() and "run" not in request.args:
        return render_template("integrations/autotask/trial.html", asked=False)
    found: dict[str, object] = {"trial": None, "problem": ""}
    try:
        found["trial"] = dry_run.run(runtime(), actor())
    except ServiceError as error:
        found["problem"] = str(error)
    template = "_trial.html" if is_htmx() else "trial.html"
    return render_template(f"integrations/autotask/{template}", asked=True, **found)
