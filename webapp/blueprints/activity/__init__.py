"""Activity: the pushes to Autotask, the queue, and what a person can do about problems."""

from __future__ import annotations

from flask import Blueprint

from webapp.blueprints.activity import words
from webapp.blueprints.support import actor
from webapp.models import Quote
from webapp.services.autotask.activity import states
from webapp.services.delivery import notifications

activity = Blueprint("activity", __name__, url_prefix="/activity")


for function in (
    words.push_badge,
    words.push_word,
    words.push_reason,
    words.without_costs,
    words.seconds,
    words.pretty_json,
):
    activity.add_app_template_filter(function)


@activity.app_template_global()
def notification_count() -> int:
    """How many notifications the signed-in user hasn't dismissed, for the bell on every page."""
    return notifications.count(actor())


@activity.app_template_global()
def push_status(shown: Quote) -> str:
    """The status of a quote's newest push, for its badge; empty when it has none."""
    return states.of_quotes([shown.id]).get(shown.id, "")


from webapp.blueprints.activity import (  # noqa: F401  the views register themselves
    attention,
    bulk,
    deliveries,
    index,
    pausing,
    quote,
    run,
)
