"""The history of the Autotask settings, and restoring an earlier version."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.blueprints.confirming import confirmed
from webapp.blueprints.integrations import integrations
from webapp.blueprints.integrations.autotask import cached
from webapp.blueprints.support import actor, ask, back_to, integrator_required
from webapp.services.autotask.settings import history as settings_history
from webapp.services.autotask.settings import page as settings_page
from webapp.services.autotask.settings import store as settings_store
from webapp.services.core.errors import Conflict
from webapp.services.core.fields import MAX_ID, parse_id


@integrations.get("/autotask/history")
@integrator_required
def history() -> ResponseReturnValue:
    """Who changed what and when, after the changes that “Save Integration” would make live now."""
    return _history()


@integrations.post("/autotask/history/<int:number>/restore")
@integrator_required
@confirmed
def restore(number: int) -> ResponseReturnValue:
    """Make an earlier version live again, or restore it as drafts if Autotask no longer has some of its values."""
    settings_store.version(number)
    asked = ask(f"Make version {number} live again? It also replaces your saved drafts.", "Restore")
    if asked is not None:
        return asked
    try:
        live, problems = settings_page.restore(number, cached(), actor(), request.form.get("seen", ""))
    except Conflict as error:
        return _history(str(error)), 409
    if not problems:
        return back_to("integrations.history", f"Restored version {number}. It is live as version {live}.")
    flash(
        f"Version {number} was restored as drafts because Autotask has changed since. Version {live} is still live. "
        f"{' '.join(problems.values())} Fix this below, then press Save Integration.",
        "error",
    )
    return redirect(url_for("integrations.autotask"), 303)


def _history(sentence: str = "") -> str:
    choices, before = cached(), parse_id(request.args.get("before")) or MAX_ID
    return render_template(
        "integrations/autotask/history.html",
        versions=settings_history.versions(choices, before),
        pending=settings_history.pending(choices) if before == MAX_ID else [],
        seen=settings_store.mark(),
        sentence=sentence,
    )
