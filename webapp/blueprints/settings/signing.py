"""Settings > Signing."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from webapp.blueprints.settings import settings
from webapp.blueprints.settings.forms import SigningForm
from webapp.blueprints.support import SAVED, actor, admin_required, back_to, runtime, submit
from webapp.services.company import signing as company_signing
from webapp.services.company.seal import settings as seals


@settings.route("/signing", methods=["GET", "POST"])
@admin_required
def signing() -> ResponseReturnValue:
    """Whether we countersign, and whether customers prove their email."""
    form = _form()
    _, status = submit(
        form, lambda: company_signing.save(runtime(), actor(), form.entered), lambda: _form(formdata=None)
    )
    if status == SAVED:
        return back_to("settings.signing", "Saved.")
    return render_template("settings/signing.html", form=form, seal=seals.stored()), status


def _form(**options: Any) -> SigningForm:
    return SigningForm(data=company_signing.shown(), seen=company_signing.seen(), **options)
