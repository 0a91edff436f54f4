"""The form for a webhook's URL and events."""

from __future__ import annotations

from wtforms import SelectMultipleField, StringField
from wtforms.fields import SelectChoice

from webapp.blueprints.support import RecordForm
from webapp.services.integrations.webhook import payload


class WebhookForm(RecordForm):
    """The service validates it."""

    url = StringField(
        "URL",
        description="An https:// URL that accepts POST requests.",
        render_kw={
            "autocomplete": "off",
            "spellcheck": "false",
            "inputmode": "url",
            "placeholder": "https://example.com/hooks/quotes",
            "required": True,
        },
    )
    description = StringField(
        "Description", description="Only shown to admins.", render_kw={"autocomplete": "off"}
    )
    events = SelectMultipleField(
        "Events",
        choices=[SelectChoice(name, meaning) for name, meaning in payload.EVENTS.items()],
        validate_choice=False,
    )
