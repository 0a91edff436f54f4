"""Tax codes: everyone can view them, admins change them."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.items import items
from webapp.blueprints.items.forms import TaxCodeForm
from webapp.blueprints.support import actor, admin_required, ask, back_to, submit
from webapp.models import TaxCode
from webapp.services.catalog import tax_codes
from webapp.services.core.errors import Invalid


@items.get("/tax-codes")
@login_required
def tax_code_list() -> ResponseReturnValue:
    """All tax codes."""
    return render_template("items/tax_codes.html", tax_codes=tax_codes.everything())


@items.route("/tax-codes/new", methods=["GET", "POST"])
@admin_required
def new_tax_code() -> ResponseReturnValue:
    """Add a tax code."""
    return _edit(None)


@items.route("/tax-codes/<int:tax_code_id>", methods=["GET", "POST"])
@admin_required
def tax_code(tax_code_id: int) -> ResponseReturnValue:
    """Change a tax code; published quotes keep their rate."""
    return _edit(tax_codes.get(tax_code_id))


@items.post("/tax-codes/<int:tax_code_id>/delete")
@admin_required
def delete_tax_code(tax_code_id: int) -> ResponseReturnValue:
    """Delete an unused tax code."""
    record = tax_codes.get(tax_code_id)
    asked = ask("Delete this tax code?", "Delete")
    if asked:
        return asked
    try:
        tax_codes.delete(actor(), record)
    except Invalid as error:
        form = _form(record, formdata=None)
        form.form_errors.append(str(error))
        return render_template("items/tax_code.html", form=form, tax_code=record), 422
    return back_to("items.tax_code_list", "Tax code deleted.")


def _form(record: TaxCode | None, **options: Any) -> TaxCodeForm:
    return TaxCodeForm(obj=record, seen=tax_codes.seen(record), **options)


def _edit(record: TaxCode | None) -> ResponseReturnValue:
    form = _form(record)
    saved, status = submit(
        form,
        lambda: tax_codes.save(actor(), record, form.entered),
        lambda: _form(record, formdata=None),
    )
    if saved is not None:
        return back_to("items.tax_code_list", f"{saved.name} saved.")
    return render_template("items/tax_code.html", form=form, tax_code=record), status
