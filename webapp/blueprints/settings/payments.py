"""Settings > Payments: the deposit of new quotes, where it is paid, and the secret of messages about payments."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, SelectField, StringField
from wtforms.fields import SelectChoice

from webapp.blueprints.confirming import confirmed, confirmed_first
from webapp.blueprints.settings import settings
from webapp.blueprints.support import SAVED, RecordForm, actor, admin_required, back_to, runtime, submit
from webapp.services.company import payments, place
from webapp.services.core import signatures
from webapp.services.payments import registry


class PaymentsForm(RecordForm):
    """The deposit and the pay link."""

    deposit_value = StringField(
        "Deposit of new quotes",
        description="Empty asks for none. A rep can change it in each quote.",
        render_kw={"inputmode": "decimal"},
    )
    deposit_kind = SelectField(
        "Unit",
        choices=[
            SelectChoice(payments.PERCENT, "% of the first invoice"),
            SelectChoice(payments.FIXED, "Fixed amount"),
        ],
    )
    deposit_is_required = BooleanField("Work starts when it's paid")
    pay_link = StringField(
        "Pay link", render_kw={"placeholder": "https://pay.example.com/?invoice={quote}&amount={amount}"}
    )


@settings.route("/payments", methods=["GET", "POST"])
@admin_required
@confirmed_first
def payment_settings() -> ResponseReturnValue:
    """The page."""
    form = _form()
    _, status = submit(form, lambda: _save(form.entered), lambda: _form(formdata=None))
    if status == SAVED:
        return back_to("settings.payment_settings", "Payment settings saved.")
    return _page(form), status


@settings.post("/payments/secret")
@admin_required
@confirmed
def payment_secret() -> ResponseReturnValue:
    """Make a new secret, and show it this once."""
    return _page(_form(formdata=None), secret=payments.renew_secret(runtime(), actor()))


def _save(entered: dict[str, Any]) -> bool:
    payments.save(actor(), entered)
    return True


def _page(form: PaymentsForm, secret: str = "") -> str:
    address = runtime().config.public_base_url + url_for("payments.heard", gateway=registry.chosen().key)
    return render_template(
        "settings/payments.html",
        form=form,
        words=payments.WORDS,
        secret=secret,
        has_secret=bool(payments.stored().secret_encrypted),
        address=address,
        header=signatures.HEADER,
    )


def _form(**options: Any) -> PaymentsForm:
    row = payments.stored()
    shown = payments.shown(row, place.of_company())
    return PaymentsForm(data=shown, seen=payments.seen(row), **options)
