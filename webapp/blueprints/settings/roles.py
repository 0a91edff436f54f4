"""Settings > Roles."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from webapp.blueprints.confirming import confirmed
from webapp.blueprints.settings import settings
from webapp.blueprints.settings.forms import RolesForm
from webapp.blueprints.support import SAVED, actor, admin_required, back_to, submit
from webapp.services.accounts import access_rules, changing_rules, permissions


@settings.route("/roles", methods=["GET", "POST"])
@admin_required
@confirmed
def roles() -> ResponseReturnValue:
    """What the company decides about its roles."""
    form = _form()
    _, status = submit(form, lambda: changing_rules.save(actor(), form.entered), lambda: _form(formdata=None))
    if status == SAVED:
        return back_to("settings.roles", "Roles saved.")
    return render_template("settings/roles.html", form=form, labels=permissions.LABELS), status


def _form(**options: Any) -> RolesForm:
    return RolesForm(data=access_rules.shown(), seen=access_rules.seen(), **options)
