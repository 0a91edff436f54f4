"""Forms of your account; the services hold the rules."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, SelectField

from webapp.blueprints.choices import time_zone_choices


class PreferencesForm(FlaskForm):
    """How the screens look to you."""

    time_zone = SelectField(
        "Time zone",
        choices=lambda: time_zone_choices("Same as the company"),
        validate_choice=False,
        description="For times on your screen. Expiration and paper follow the company's time zone.",
    )
    letter_keys = BooleanField(
        "Use single-letter shortcuts",
        description="They work when you're not typing in a field. Shortcuts with Ctrl always work.",
    )


class OwnPasswordForm(FlaskForm):
    """A new password of one's own."""

    current = PasswordField("Current password", render_kw={"autocomplete": "current-password"})
    password = PasswordField(
        "New password",
        description="At least 10 characters. Signs you out on every other device.",
        render_kw={"autocomplete": "new-password"},
    )


class TurnOffForm(FlaskForm):
    """The password, for turning two-step sign-in off."""

    current = PasswordField("Your password", render_kw={"autocomplete": "current-password"})
