"""Sign-in and set-up forms."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, HiddenField, PasswordField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length


class LoginForm(FlaskForm):
    """Email and password."""

    email = EmailField(
        "Email",
        [InputRequired("Enter your email."), Length(max=254, message="This email is too long.")],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        "Password",
        [InputRequired("Enter your password."), Length(max=200, message="This password is too long.")],
        render_kw={"autocomplete": "current-password"},
    )
    remember = BooleanField("Keep me signed in on this computer")


class ForgotForm(FlaskForm):
    """Whose password is forgotten."""

    email = EmailField(
        "Email",
        [InputRequired("Enter your email."), Length(max=254, message="This email is too long.")],
        render_kw={"autocomplete": "username"},
    )


class JoinForm(FlaskForm):
    """The password that an invited person, or one who forgot it, chooses."""

    password = PasswordField(
        "New password",
        [InputRequired("Choose a password.")],
        description="At least 10 characters. A few words in a row are easy to remember.",
        render_kw={"autocomplete": "new-password"},
    )


class CodeForm(FlaskForm):
    """The second step of the sign-in."""

    one_time_code = StringField(
        "Code",
        [InputRequired("Enter the code."), Length(max=60, message="This code is too long.")],
        render_kw={"autocomplete": "one-time-code", "spellcheck": "false", "autocapitalize": "none"},
    )


class SecondStepForm(CodeForm):
    """The second step, and if it's asked for in this browser again."""

    trust = BooleanField("Don't ask again on this device for 30 days")


class AppForm(CodeForm):
    """A new authenticator app: the secret that the page showed, sealed, and a code that shows that the app has it."""

    offer = HiddenField()


class PasskeyForm(FlaskForm):
    """What a passkey answered; the page's script fills it in (passkeys.js)."""

    passkey = HiddenField()


class NewPasskeyForm(PasskeyForm):
    """A new passkey."""

    name = StringField(
        "Name",
        description="Where it is, for example Work laptop or Blue security key.",
        render_kw={"autocomplete": "off", "maxlength": 60},
    )


class SetupForm(FlaskForm):
    """The first admin. ``token`` is known to whoever operates the server."""

    token = StringField(
        "Set-up token",
        [InputRequired("Enter the set-up token."), Length(max=200)],
        description="Printed in the terminal by make run; on a server, by the command flask setup-token.",
        render_kw={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"},
    )
    time_zone = HiddenField(render_kw={"data-browser-time-zone": ""})
    company = StringField("Company name", [Length(max=200)], render_kw={"autocomplete": "organization"})
    address = TextAreaField(
        "Company address",
        [Length(max=500)],
        description="Every quote shows both. You can fill them in later, before the first quote is published.",
        render_kw={"rows": 3, "autocomplete": "street-address"},
    )
    name = StringField(
        "Your name", [InputRequired("Enter your name."), Length(max=120)], render_kw={"autocomplete": "name"}
    )
    email = EmailField(
        "Email",
        [InputRequired("Enter your email."), Length(max=254)],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        "Password",
        [InputRequired("Choose a password."), Length(max=200)],
        description="At least 10 characters.",
        render_kw={"autocomplete": "new-password"},
    )
