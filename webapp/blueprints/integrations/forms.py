"""The form that connects Autotask."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField


class ConnectForm(FlaskForm):
    """The API user's credentials. The service validates them."""

    user_name = StringField(
        "API user name",
        description="The “Username (Key)” on the Security tab of the API user in Autotask.",
        render_kw={"autocomplete": "off", "spellcheck": "false", "required": True},
    )
    secret = PasswordField(
        "Secret",
        description="The “Password (Secret)” on the same tab. It is stored encrypted and never shown again.",
        render_kw={"autocomplete": "new-password", "required": True},
    )
    integration_code = StringField(
        "Integration code",
        description="The tracking identifier of the integration vendor chosen for the API user.",
        render_kw={"autocomplete": "off", "spellcheck": "false", "required": True},
    )
