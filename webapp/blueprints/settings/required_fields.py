"""Settings > Required Fields."""

from __future__ import annotations

from itertools import groupby

from flask import render_template, request
from flask.typing import ResponseReturnValue

from webapp.blueprints.settings import settings
from webapp.blueprints.support import actor, admin_required, back_to, is_htmx
from webapp.services.autotask.connection import connection
from webapp.services.core.errors import Invalid
from webapp.services.people import required_fields


@settings.route("/required-fields", methods=["GET", "POST"])
@admin_required
def required() -> ResponseReturnValue:
    """The fields that must be filled in before a quote is published."""
    names, seen = required_fields.current()[0], required_fields.seen()
    status, sentence = 200, ""
    if request.method == "POST":
        wanted = request.form.getlist("fields")
        try:
            required_fields.save(actor(), wanted, request.form)
        except Invalid as error:
            sentence, status = str(error), 422
            names, seen = frozenset(wanted), request.form.get("seen", "")
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
        seen=seen,
        sentence=sentence,
        advised=required_fields.RECOMMENDED_FOR_AUTOTASK if connected else (),
        advice=required_fields.advice(connected),
    )
    return page, status


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
