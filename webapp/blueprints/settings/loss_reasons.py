"""Settings > Loss Reasons."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from webapp.blueprints.settings import settings
from webapp.blueprints.support import actor, admin_required, back_to
from webapp.services.company import loss_reasons
from webapp.services.core.errors import Conflict, Invalid

NEW_ROWS = 3


@settings.route("/loss-reasons", methods=["GET", "POST"])
@admin_required
def loss_reason_list() -> ResponseReturnValue:
    """The reasons that reps and customers choose from when a quote is lost."""
    status, sentence, errors = 200, "", {}
    clashes: dict[str, str] = {}
    taken: tuple[str, ...] = ()
    seen = request.form.get("seen") or loss_reasons.seen()
    if request.method == "POST":
        try:
            loss_reasons.save(actor(), request.form)
        except Invalid as error:
            sentence, errors, status = str(error), error.fields, 422
        except Conflict as error:
            sentence, clashes, taken, seen, status = str(error), error.fields, error.taken, error.seen, 409
        else:
            return back_to("settings.loss_reason_list", "Loss reasons saved.")
    stored = {f"reason-{reason.id}": reason.name for reason in loss_reasons.current()[0]}
    typed = {
        name: value if name in taken else request.form.get(name, value) for name, value in stored.items()
    }
    page = render_template(
        "settings/loss_reasons.html",
        rows=list(typed.items()),
        new_rows=[(name, request.form.get(name, "")) for name in (f"new-{n + 1}" for n in range(NEW_ROWS))],
        clashes=clashes,
        seen=seen,
        sentence=sentence,
        errors=errors,
    )
    return page, status
