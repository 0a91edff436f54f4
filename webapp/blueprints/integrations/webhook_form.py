"""The form of a webhook's address and events."""

from __future__ import annotations

from wtforms import SelectMultipleField, StringField
from wtforms.fields import SelectChoice

from webapp.blueprints.support import RecordForm
from webapp.services.integrations.webhook import payload


class WebhookForm(RecordForm):
    """What is missing or wrong, the service says."""

    url = StringField(
        "Address",
        description="An https:// address that takes POST requests.",
        render_kw={
            "autocomplete": "off",
            "spellcheck": "false",
            "inputmode": "url",
            "placeholder": "https://example.com/hooks/quotes",
            "required": True,
        },
    )
    description = StringField(
        "Description", description="For you and other admins.", render_kw={"autocomplete": "off"}
    )
    events = SelectMultipleField(
        "Events",
        choices=[SelectChoice(name, meaning) for name, meaning in payload.EVENTS.items()],
        validate_choice=False,
    )
