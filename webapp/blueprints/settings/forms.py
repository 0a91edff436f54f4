"""Forms of the settings; the services hold the rules."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    PasswordField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
    URLField,
)
from wtforms.fields import SelectChoice

from webapp.blueprints.support import RecordForm

_ROLES = [
    SelectChoice("rep", "Rep (quotes, people, items)"),
    SelectChoice("admin", "Admin (also settings)"),
]


class NewUserForm(FlaskForm):
    """A new account."""

    name = StringField("Name", description="Shown to customers on quotes.", render_kw={"autocomplete": "off"})
    email = EmailField("Email", description="Used to sign in.", render_kw={"autocomplete": "off"})
    role = SelectField("Role", choices=_ROLES, default="rep", validate_choice=False)
    password = PasswordField(
        "Password",
        description="At least 10 characters. Share it securely.",
        render_kw={"autocomplete": "new-password"},
    )


class UserForm(RecordForm):
    """The fields of an account that an admin can change."""

    name = StringField("Name", render_kw={"autocomplete": "off"})
    role = SelectField("Role", choices=_ROLES, validate_choice=False)
    is_active = BooleanField("Active")


class PasswordForm(FlaskForm):
    """A new password for an account."""

    password = PasswordField(
        "New password",
        description="At least 10 characters. Signs the user out everywhere.",
        render_kw={"autocomplete": "new-password"},
    )


class CompanyForm(RecordForm):
    """The seller's profile."""

    name = StringField("Company name", render_kw={"autocomplete": "organization"})
    address = TextAreaField("Address", render_kw={"rows": 3})
    phone = TelField("Phone")
    email = EmailField("Email")
    website = URLField("Website")
    terms = TextAreaField("Terms", description="Printed at the end of every quote.", render_kw={"rows": 6})
