"""Settings > Single sign-on."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice

from webapp.blueprints.confirming import confirmed, confirmed_first
from webapp.blueprints.settings import settings
from webapp.blueprints.support import SAVED, RecordForm, actor, admin_required, back_to, runtime, submit
from webapp.models.account import GIVEN_ROLES
from webapp.services.accounts.sso import discovery, flow
from webapp.services.accounts.sso import settings as sso_settings
from webapp.services.core.errors import ServiceError


class SsoForm(RecordForm):
    """The provider and its rules; the service has their meaning."""

    is_on = BooleanField("Offer single sign-on")
    label = StringField(
        "Name on the button", description="For example Microsoft. The button says “Sign in with …”."
    )
    issuer = StringField(
        "Issuer", description="The provider's address, for example https://accounts.google.com."
    )
    client_id = StringField("Client ID", render_kw={"autocomplete": "off"})
    secret = PasswordField(
        "Client secret", description="Never shown again.", render_kw={"autocomplete": "new-password"}
    )
    trusts_directory = BooleanField("Link people by their Entra user name the first time")
    creates_accounts = BooleanField("Create an account when someone new signs in")
    allowed_domains = StringField("Email domains of new accounts", description="Separated by commas.")
    default_role = SelectField(
        "Role of new accounts",
        choices=[SelectChoice(role, role.replace("_", " ").capitalize()) for role in reversed(GIVEN_ROLES)],
        validate_choice=False,
        description="Also for people in none of the groups below, if there are any.",
    )
    group_roles = TextAreaField(
        "Groups and roles",
        description=f"One a line: the group's ID or name, =, and the role ({', '.join(GIVEN_ROLES)}). "
        "Roles are set at each sign-in, and the highest one wins. Empty: roles are set on the Users page.",
        render_kw={"rows": 4, "spellcheck": "false"},
    )
    groups_claim = StringField("Claim with the groups")
    requires_group = BooleanField("Only people in one of these groups may sign in")
    session_hours = StringField(
        "Hours until people sign in again",
        description="Someone who was disabled at the provider is out after this time at the latest, unless "
        "they have a password or passkey here and may use it.",
        render_kw={"inputmode": "numeric"},
    )
    allows_passwords = BooleanField("Everyone may also sign in with a password")


@settings.route("/single-sign-on", methods=["GET", "POST"])
@admin_required
@confirmed_first
def single_sign_on() -> ResponseReturnValue:
    """The provider and its rules."""
    form = _form()
    _, status = submit(
        form, lambda: sso_settings.save(runtime(), actor(), form.entered), lambda: _form(formdata=None)
    )
    if status == SAVED:
        return back_to("settings.single_sign_on", "Single sign-on saved.")
    page = render_template(
        "settings/single_sign_on.html",
        form=form,
        config=runtime().config,
        has_secret=sso_settings.secret_is_stored(sso_settings.stored()),
        callback=runtime().config.public_base_url + flow.CALLBACK,
        backchannel=runtime().config.public_base_url + url_for("auth.sso_backchannel"),
    )
    return page, status


@settings.post("/single-sign-on/test")
@admin_required
@confirmed
def test_single_sign_on() -> ResponseReturnValue:
    """Read the provider's discovery document and say in a sentence what is wrong."""
    try:
        in_force = sso_settings.load(runtime())
        if not in_force.issuer:
            flash("There's no issuer yet. Enter one and save it, then test.", "error")
        else:
            flash(discovery.test(runtime(), in_force.issuer), "success")
    except ServiceError as error:
        flash(f"The test failed. {error}", "error")
    return redirect(url_for("settings.single_sign_on"), 303)


def _form(**options: Any) -> SsoForm:
    row = sso_settings.stored()
    return SsoForm(data=sso_settings.shown(row), seen=sso_settings.seen(row), **options)
