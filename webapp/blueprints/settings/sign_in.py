"""Settings > Sign-in."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from webapp.blueprints.confirming import confirmed
from webapp.blueprints.settings import settings
from webapp.blueprints.settings.forms import SignInForm
from webapp.blueprints.support import SAVED, actor, admin_required, back_to, submit
from webapp.services.accounts import users
from webapp.services.accounts.two_step import factors, policy


@settings.route("/sign-in", methods=["GET", "POST"])
@admin_required
@confirmed
def sign_in() -> ResponseReturnValue:
    """Who must use two-step sign-in."""
    form = _form()
    _, status = submit(form, lambda: policy.save(actor(), form.entered), lambda: _form(formdata=None))
    if status == SAVED:
        return back_to("settings.sign_in", "Saved.")
    have = factors.holders()
    without = [user for user in users.list_users() if user.is_active and user.id not in have]
    return render_template("settings/sign_in.html", form=form, without=without), status


def _form(**options: Any) -> SignInForm:
    return SignInForm(data=policy.shown(), seen=policy.seen(), **options)
