"""Tax codes: everybody may look, admins change them."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.items import items
from webapp.blueprints.items.forms import TaxCodeForm
from webapp.blueprints.support import actor, admin_required, back_to, show_errors
from webapp.models import TaxCode
from webapp.services import tax_codes
from webapp.services.errors import Invalid


@items.get("/tax-codes")
@login_required
def tax_code_list() -> ResponseReturnValue:
    """All tax codes."""
    return render_template("items/tax_codes.html", tax_codes=tax_codes.everything())


@items.route("/tax-codes/new", methods=["GET", "POST"])
@admin_required
def new_tax_code() -> ResponseReturnValue:
    """Add a tax code."""
    return _edit(None, TaxCodeForm())


@items.route("/tax-codes/<int:tax_code_id>", methods=["GET", "POST"])
@admin_required
def tax_code(tax_code_id: int) -> ResponseReturnValue:
    """Change a tax code; published quotes keep the rate that they were published with."""
    record = tax_codes.get(tax_code_id)
    return _edit(record, TaxCodeForm(obj=record))


@items.post("/tax-codes/<int:tax_code_id>/delete")
@admin_required
def delete_tax_code(tax_code_id: int) -> ResponseReturnValue:
    """Remove a tax code that nothing uses."""
    record = tax_codes.get(tax_code_id)
    try:
        tax_codes.delete(actor(), record)
    except Invalid as error:
        form = TaxCodeForm(formdata=None, obj=record)
        form.form_errors.append(str(error))
        return render_template("items/tax_code.html", form=form, tax_code=record), 422
    return back_to("items.tax_code_list", "The tax code was deleted.")


def _edit(record: TaxCode | None, form: TaxCodeForm) -> ResponseReturnValue:
    if form.validate_on_submit():
        try:
            saved = tax_codes.save(actor(), record, form.data)
        except Invalid as error:
            show_errors(form, error)
        else:
            return back_to("items.tax_code_list", f"{saved.name} was saved.")
    status = 422 if form.is_submitted() else 200
    return render_template("items/tax_code.html", form=form, tax_code=record), status
