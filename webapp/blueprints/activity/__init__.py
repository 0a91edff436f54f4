"""Activity: what was pushed to Autotask, what waits, what went wrong and the way on."""

from __future__ import annotations

from flask import Blueprint

from webapp.blueprints.activity import words
from webapp.blueprints.support import actor
from webapp.services import notifications

activity = Blueprint("activity", __name__, url_prefix="/activity")


for function in (words.push_word, words.seconds, words.pretty_json):
    activity.add_app_template_filter(function)


@activity.app_template_global()
def notification_count() -> int:
    """How many notifications the signed-in person has not put aside, for the bell on every page."""
    return notifications.count(actor())


from webapp.blueprints.activity import (  # noqa: F401  the views register themselves
    attention,
    bulk,
    index,
    pausing,
    quote,
    run,
)
