"""Note what a customer paid, and take back what was noted by mistake."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints import answered
from webapp.blueprints.quotes import quotes
from webapp.blueprints.quotes.editor import page
from webapp.blueprints.support import actor, back_to, require
from webapp.services.accounts.permissions import Permission
from webapp.services.company import place
from webapp.services.core import formatting
from webapp.services.payments import paying
from webapp.services.quoting.draft import editing
from webapp.services.quoting.revisions import deposits


@quotes.post("/<int:quote_id>/payments")
@login_required
def note_payment(quote_id: int) -> ResponseReturnValue:
    """Note a payment."""
    quote = editing.get(quote_id)
    require(Permission.CHANGE, quote)
    noted, form = answered.attempt(
        lambda: paying.note(actor(), quote_id, request.form),
        lambda: dict.fromkeys(("key", "amount", "reference"), ""),
    )
    if noted is None:
        return page(editing.get(quote_id), form.status, payment_form=form)
    said = formatting.money(noted.amount, deposits.currency(quote), place.of_company())
    return back_to("quotes.show", f"The payment of {said} was noted.", quote_id=quote_id)


@quotes.post("/<int:quote_id>/payments/<int:payment_id>/remove")
@login_required
def remove_payment(quote_id: int, payment_id: int) -> ResponseReturnValue:
    """Take it back."""
    require(Permission.CHANGE, editing.get(quote_id))
    paying.remove(actor(), quote_id, payment_id)
    return back_to("quotes.show", "The payment was removed.", quote_id=quote_id)
