"""Your account: your time zone and your password."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import login_required, login_user

from webapp.blueprints.account import account
from webapp.blueprints.account.forms import OwnPasswordForm, PreferencesForm
from webapp.blueprints.auth.session import SignedIn
from webapp.blueprints.support import actor, back_to, show_errors
from webapp.extensions import limiter
from webapp.services.accounts import own_account
from webapp.services.core.errors import Invalid


@account.get("/")
@login_required
def show() -> ResponseReturnValue:
    """The page."""
    return _page(PreferencesForm(data={"time_zone": actor().time_zone}), OwnPasswordForm())


@account.post("/preferences")
@login_required
def preferences() -> ResponseReturnValue:
    """Save the time zone."""
    form = PreferencesForm()
    if form.validate_on_submit():
        try:
            own_account.save_preferences(actor(), form.data)
        except Invalid as error:
            show_errors(form, error)
        else:
            return back_to("account.show", "Saved.")
    return _page(form, OwnPasswordForm()), 422


@account.post("/password")
@login_required
@limiter.limit("10/minute")
def password() -> ResponseReturnValue:
    """Change the password; this session continues, all others end."""
    form = OwnPasswordForm()
    if form.validate_on_submit():
        try:
            own_account.change_password(actor(), form.current.data or "", form.password.data or "")
        except Invalid as error:
            show_errors(form, error)
        else:
            login_user(SignedIn(actor()))
            return back_to("account.show", "Password changed. You're signed out on every other device.")
    return _page(PreferencesForm(data={"time_zone": actor().time_zone}), form), 422


def _page(preferences_form: PreferencesForm, password_form: OwnPasswordForm) -> str:
    return render_template("account/show.html", form=preferences_form, password_form=password_form)
