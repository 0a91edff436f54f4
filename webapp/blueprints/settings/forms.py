"""Forms of the settings; the rules are the services'."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    PasswordField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
    URLField,
)
from wtforms.fields import SelectChoice

_ROLES = [
    SelectChoice("rep", "Rep: quotes, people, items"),
    SelectChoice("admin", "Admin: settings too"),
]


class NewUserForm(FlaskForm):
    """A new account."""

    name = StringField("Name", description="Customers see it on quotes.", render_kw={"autocomplete": "off"})
    email = EmailField("Email", description="Signs in with it.", render_kw={"autocomplete": "off"})
    role = SelectField("Role", choices=_ROLES, default="rep", validate_choice=False)
    password = PasswordField(
        "Password",
        description="At least 10 characters. Hand it over in person; it can be changed later.",
        render_kw={"autocomplete": "new-password"},
    )


class UserForm(FlaskForm):
    """What an admin may change of an account."""

    name = StringField("Name", render_kw={"autocomplete": "off"})
    role = SelectField("Role", choices=_ROLES, validate_choice=False)
    is_active = BooleanField("May sign in")


class PasswordForm(FlaskForm):
    """A new password for somebody."""

    password = PasswordField(
        "New password",
        description="At least 10 characters. It ends every open session of the account.",
        render_kw={"autocomplete": "new-password"},
    )


class CompanyForm(FlaskForm):
    """The seller, as quotes show it."""

    version = HiddenField()
    name = StringField("Company name", render_kw={"autocomplete": "organization"})
    address = TextAreaField("Address", render_kw={"rows": 3})
    phone = TelField("Phone")
    email = EmailField("Email")
    website = URLField("Website")
    terms = TextAreaField("Terms", description="Printed at the end of every quote.", render_kw={"rows": 6})
