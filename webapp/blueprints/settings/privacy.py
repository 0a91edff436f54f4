"""Settings > Privacy."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from webapp.blueprints.confirming import confirmed
from webapp.blueprints.settings import settings
from webapp.blueprints.settings.forms import PrivacyForm
from webapp.blueprints.support import SAVED, actor, admin_required, ask, back_to, runtime, submit
from webapp.models import utc_now
from webapp.services.core.errors import Invalid
from webapp.services.privacy import keeping, old_quotes


@settings.route("/privacy", methods=["GET", "POST"])
@admin_required
@confirmed
def privacy() -> ResponseReturnValue:
    """How long things are kept."""
    form = _form()
    asked = _asked(form) if request.method == "POST" else None
    if asked is not None:
        return asked
    _, status = submit(
        form, lambda: keeping.save(runtime(), actor(), form.entered), lambda: _form(formdata=None)
    )
    if status == SAVED:
        return back_to("settings.privacy", "Saved.")
    return render_template("settings/privacy.html", form=form), status


def _asked(form: PrivacyForm) -> ResponseReturnValue | None:
    """The page that asks before things are deleted; None where nothing is, or the answer was yes."""
    before = keeping.current(runtime())
    try:
        wanted = keeping.read(form.entered)
    except Invalid:
        return None
    quotes, trail = wanted[keeping.QUOTES], wanted[keeping.TRAIL]
    parts = []
    if quotes is not None and (before.quotes is None or quotes < before.quotes):
        count = old_quotes.count(utc_now() - timedelta(days=quotes))
        parts.append(f"{count:,} lost, expired or draft quotes with everything on them")
    if trail is not None and (before.trail is None or trail < before.trail):
        parts.append(f"audit trail entries older than {trail:,} days")
    if not parts:
        return None
    return ask(f"Delete {' and '.join(parts)}? This can't be undone.", "Save and delete")


def _form(**options: Any) -> PrivacyForm:
    return PrivacyForm(data=keeping.shown(runtime()), seen=keeping.seen(runtime()), **options)
