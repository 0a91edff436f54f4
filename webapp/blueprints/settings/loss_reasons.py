"""Settings > Loss Reasons."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from webapp.blueprints import answered
from webapp.blueprints.settings import settings
from webapp.blueprints.support import actor, admin_required, back_to
from webapp.services.company import loss_reasons

# Rows for new reasons.
NEW = ("new-1", "new-2", "new-3")


@settings.route("/loss-reasons", methods=["GET", "POST"])
@admin_required
def loss_reason_list() -> ResponseReturnValue:
    """The reasons that reps and customers choose from when a quote is lost."""
    form = answered.opened(loss_reasons.seen(), _stored())
    if request.method == "POST":
        # A reason that another admin added meanwhile isn't among what was sent, and stays.
        sent = {**_stored(), **request.form}
        _, form = answered.attempt(lambda: loss_reasons.save(actor(), request.form), _stored, sent)
        if not form.is_refused:
            return back_to("settings.loss_reason_list", "Loss reasons saved.")
    return render_template("settings/loss_reasons.html", form=form, new=NEW), form.status


def _stored() -> dict[str, str]:
    return {**loss_reasons.names(), **dict.fromkeys(NEW, "")}
