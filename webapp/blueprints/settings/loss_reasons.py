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
def loss_reason_list() -> ResponseReturnValue:
    """The reasons that reps and customers choose from when a quote is lost."""
    status, sentence, errors = 200, "", {}
    if request.method == "POST":
        try:
            loss_reasons.save(actor(), request.form, request.form.get("version", -1, type=int))
        except Invalid as error:
            sentence, errors, status = str(error), error.fields, 422
        except Conflict as error:
            db.session.rollback()
            sentence = f"{error} They are still below: save again to replace the saved version."
            status = 409
        else:
            return back_to("settings.loss_reason_list", "Loss reasons saved.")
    reasons, version = loss_reasons.current()
    stored = {f"reason-{reason.id}": reason.name for reason in reasons}
    typed = {name: request.form.get(name, value) for name, value in stored.items()}
    page = render_template(
        "settings/loss_reasons.html",
        rows=list(typed.items()),
        new_rows=[(name, request.form.get(name, "")) for name in (f"new-{n + 1}" for n in range(NEW_ROWS))],
        saved_values={
            name: value for name, value in stored.items() if status == 409 and typed[name] != value
        },
        version=version,
        sentence=sentence,
        errors=errors,
    )
    return page, status
