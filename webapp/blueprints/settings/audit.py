"""Settings > Audit trail: the whole diary, and its files."""

from __future__ import annotations

from flask import Response, flash, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from webapp.blueprints.confirming import confirmed
from webapp.blueprints.settings import settings
from webapp.blueprints.support import actor, admin_required, back_to, page_number
from webapp.services.company import place
from webapp.services.diary import audit

FILES = {"csv": (audit.as_csv, "text/csv"), "json": (audit.as_json, "application/x-ndjson")}


@settings.get("/audit")
@admin_required
def audit_trail() -> ResponseReturnValue:
    """The entries that the filters ask for, newest first."""
    filters = audit.read(request.args)
    page = audit.page(filters, place.of_user(actor()), page_number())
    body = render_template("settings/audit.html", filters=filters, page=page, areas=audit.AREAS)
    return body, 422 if filters.errors else 200


@settings.post("/audit/export")
@admin_required
@confirmed
def export_audit() -> ResponseReturnValue:
    """The same entries as a file, oldest first. Exporting is an entry of its own."""
    filters, kind = audit.read(request.form), request.form.get("kind", "csv")
    if filters.errors or kind not in FILES:
        flash("Nothing was exported. Fix the filters first.", "error")
        return back_to("settings.audit_trail", **filters.query)
    here, (write, mimetype) = place.of_user(actor()), FILES[kind]
    newest = audit.note_export(actor(), filters, kind)
    response = Response(stream_with_context(write(filters, here, newest)), mimetype=mimetype)
    name = f"audit-{here.today():%Y-%m-%d}.{'csv' if kind == 'csv' else 'jsonl'}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
