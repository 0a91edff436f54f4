"""The customer's page, opened with the link to the quote; no sign-in."""

from __future__ import annotations

from flask import Blueprint, g, request
from flask_login import current_user

from webapp.blueprints import customer_styles
from webapp.services.diary import diary

public = Blueprint("public", __name__, url_prefix="/q")
public.add_app_template_global(customer_styles.address, "customer_styles")


@public.before_request
def note_our_own() -> None:
    """What someone of ours does on the customer's page isn't the customer's doing, and the events say so."""
    if request.method == "POST" and current_user.is_authenticated:
        here, email = diary.here(), current_user.user.email
        g.open.enter_context(diary.origin(here.session, here.address, here.agent, email))


from webapp.blueprints.public import codes, talking, views  # noqa: F401  the views register themselves
