"""Settings > Company."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from webapp.blueprints.settings import settings
from webapp.blueprints.settings.forms import CompanyForm
from webapp.blueprints.support import actor, admin_required, back_to, show_errors
from webapp.services.company import profile as company_profile
from webapp.services.core import place as places
from webapp.services.core.errors import Conflict, Invalid


@settings.route("/company", methods=["GET", "POST"])
@admin_required
def company() -> ResponseReturnValue:
    """The seller's profile."""
    profile, version = company_profile.current()
    shown = {**profile, "version": str(version), "other_currencies": ", ".join(profile["other_currencies"])}
    shown["paper"] = profile["paper"] or places.paper_of(profile["locale"])
    form = CompanyForm(data=shown)
    status = 200
    if form.validate_on_submit():
        try:
            company_profile.save(actor(), form.data, _number(form.version.data))
        except Invalid as error:
            show_errors(form, error)
            status = 422
        except Conflict as error:
            form.form_errors.append(f"{error} They are still below: save again to replace the saved version.")
            form.version.data, status = str(version), 409
        else:
            return back_to("settings.company", "Company profile saved.")
    return render_template("settings/company.html", form=form), status


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else -1
