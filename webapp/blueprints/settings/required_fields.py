"""Settings > Required Fields."""

from __future__ import annotations

from itertools import groupby

from flask import render_template, request
from flask.typing import ResponseReturnValue

from webapp.blueprints.settings import settings
from webapp.blueprints.support import actor, admin_required, back_to, is_htmx
from webapp.models import db
from webapp.services.autotask.connection import connection
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.people import required_fields


@settings.route("/required-fields", methods=["GET", "POST"])
@admin_required
def required() -> ResponseReturnValue:
    """The fields that must be filled in before a quote is published."""
    names, version = required_fields.current()
    status, sentence, saved_values = 200, "", {}
    if request.method == "POST":
        wanted = request.form.getlist("fields")
        try:
            required_fields.save(actor(), wanted, request.form.get("version", -1, type=int))
        except (Invalid, Conflict) as error:
            db.session.rollback()
            sentence, status = str(error), 422
            stored, version = required_fields.current()
            names = frozenset(wanted)
            if isinstance(error, Conflict):
                sentence, status = (
                    f"{error} They are still below: save again to replace the saved version.",
                    409,
                )
                saved_values = {name: name in stored for name in stored ^ names}
        else:
            return back_to("settings.required", "Required fields saved.")
    connected = connection.load() is not None
    grouped = {
        group: list(fields) for group, fields in groupby(required_fields.FIELDS, lambda item: item.group)
    }
    page = render_template(
        "settings/required_fields.html",
        groups=grouped,
        names=names,
        version=version,
        sentence=sentence,
        saved_values=saved_values,
        advised=required_fields.RECOMMENDED_FOR_AUTOTASK if connected else (),
        advice=required_fields.advice(connected),
    )
    return page, status


@settings.post("/required-fields/advised")
@admin_required
def require_advised() -> ResponseReturnValue:
    """Require the fields that Autotask needs, with one click."""
    names, version = required_fields.current()
    required_fields.save(actor(), names | set(required_fields.RECOMMENDED_FOR_AUTOTASK), version)
    if is_htmx():
        return render_template("integrations/autotask/_advice.html", advice=[])
    endpoint = "integrations.autotask" if connection.load() else "settings.required"
    if "required-fields" in (request.referrer or ""):
        endpoint = "settings.required"
    return back_to(endpoint, "Organization and phone are now required.")
