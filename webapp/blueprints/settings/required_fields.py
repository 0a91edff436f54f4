"""Settings > Required Fields."""

from __future__ import annotations

from itertools import groupby

from flask import render_template, request
from flask.typing import ResponseReturnValue

from webapp.blueprints import answered
from webapp.blueprints.settings import settings
from webapp.blueprints.support import actor, admin_required, back_to, is_htmx
from webapp.services.autotask.connection import connection
from webapp.services.people import required_fields

ON = "on"


@settings.route("/required-fields", methods=["GET", "POST"])
@admin_required
def required() -> ResponseReturnValue:
    """The fields that must be filled in before a quote is published."""
    form = answered.opened(required_fields.seen(), _stored())
    if request.method == "POST":
        wanted = request.form.getlist("fields")
        _, form = answered.attempt(
            lambda: required_fields.save(actor(), wanted, request.form),
            _stored,
            {**request.form, **dict.fromkeys(wanted, ON)},
        )
        if not form.is_refused:
            return back_to("settings.required", "Required fields saved.")
    connected = connection.load() is not None
    grouped = {
        group: list(fields) for group, fields in groupby(required_fields.FIELDS, lambda item: item.group)
    }
    page = render_template(
        "settings/required_fields.html",
        groups=grouped,
        form=form,
        advised=required_fields.RECOMMENDED_FOR_AUTOTASK if connected else (),
        advice=required_fields.advice(connected),
    )
    return page, form.status


def _stored() -> dict[str, str]:
    """The boxes by field, and whether they are ticked."""
    required, _ = required_fields.current()
    return {field.name: ON if field.name in required else "" for field in required_fields.FIELDS}


@settings.post("/required-fields/advised")
@admin_required
def require_advised() -> ResponseReturnValue:
    """Require the fields that Autotask needs, with one click."""
    names, _ = required_fields.current()
    required_fields.save(actor(), names | set(required_fields.RECOMMENDED_FOR_AUTOTASK))
    if is_htmx():
        return render_template("integrations/autotask/_advice.html", advice=[])
    endpoint = "integrations.autotask" if connection.load() else "settings.required"
    if "required-fields" in (request.referrer or ""):
        endpoint = "settings.required"
    return back_to(endpoint, "Organization and phone are now required.")
