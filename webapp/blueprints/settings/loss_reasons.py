"""Settings > Loss Reasons."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from webapp.blueprints.settings import settings
from webapp.blueprints.support import actor, admin_required, back_to
from webapp.models import db
from webapp.services.company import loss_reasons
from webapp.services.core.errors import Conflict, Invalid

NEW_ROWS = 3


@settings.route("/loss-reasons", methods=["GET", "POST"])
@admin_required
def losses() -> ResponseReturnValue:
    """The reasons of which a rep or a customer may choose when a quote is lost."""
    status, sentence, errors = 200, "", {}
    if request.method == "POST":
        try:
            loss_reasons.save(actor(), request.form, request.form.get("version", -1, type=int))
        except Invalid as error:
            sentence, errors, status = str(error), error.fields, 422
        except Conflict as error:
            db.session.rollback()
            sentence = f"{error} What you entered is still below; saving again puts it in place."
            status = 409
        else:
            return back_to("settings.losses", "The loss reasons were saved.")
    reasons, version = loss_reasons.current()
    typed = {f"reason-{one.id}": request.form.get(f"reason-{one.id}", one.name) for one in reasons}
    page = render_template(
        "settings/loss_reasons.html",
        rows=list(typed.items()),
        new_rows=[(name, request.form.get(name, "")) for name in (f"new-{n + 1}" for n in range(NEW_ROWS))],
        meanwhile={
            f"reason-{one.id}": one.name
            for one in reasons
            if status == 409 and typed[f"reason-{one.id}"] != one.name
        },
        version=version,
        sentence=sentence,
        errors=errors,
    )
    return page, status
