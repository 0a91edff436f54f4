"""Settings > Company."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from webapp.blueprints.settings import settings
from webapp.blueprints.settings.forms import CompanyForm
from webapp.blueprints.support import SAVED, actor, admin_required, back_to, submit
from webapp.services.company import profile as company_profile
from webapp.services.core import place as places


@settings.route("/company", methods=["GET", "POST"])
@admin_required
def company() -> ResponseReturnValue:
    """The seller's profile."""
    form = _form()
    _, status = submit(
        form, lambda: company_profile.save(actor(), form.entered), lambda: _form(formdata=None)
    )
    if status == SAVED:
        return back_to("settings.company", "Company profile saved.")
    return render_template("settings/company.html", form=form), status


def _form(**options: Any) -> CompanyForm:
    profile, _ = company_profile.current()
    data = {
        **profile,
        "other_currencies": ", ".join(profile["other_currencies"]),
        "paper": profile["paper"] or places.paper_of(profile["locale"]),
    }
    return CompanyForm(data=data, seen=company_profile.seen(), **options)
