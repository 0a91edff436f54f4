"""All deliveries: what Autotask, webhooks and people were told, or are still to be told."""

from __future__ import annotations

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.blueprints.activity import activity
from webapp.blueprints.support import actor, back_to, integrator_required, page_number
from webapp.models import Delivery
from webapp.models.integration import AUTOTASK
from webapp.services.core.errors import Invalid
from webapp.services.delivery import listing
from webapp.services.integrations.webhook import messages


@activity.get("/deliveries")
@integrator_required
def deliveries() -> ResponseReturnValue:
    """The list, filtered by reader and state."""
    names = listing.names()
    key, state = request.args.get("reader", ""), request.args.get("state", "")
    asked = {
        "reader": key if key in names else "",
        "state": state if state in listing.STATES else "",
    }
    page = listing.page(page_number(), key=asked["reader"], state=asked["state"])
    return render_template(
        "activity/deliveries.html",
        page=page,
        names=names,
        states=listing.STATES,
        repeatable=listing.REPEATABLE,
        asked={name: value for name, value in asked.items() if value},
        details_of=_details_of,
    )


@activity.post("/deliveries/<int:delivery_id>/now")
@integrator_required
def send_now(delivery_id: int) -> ResponseReturnValue:
    """Deliver now, whatever it waits for."""
    try:
        listing.send_now(actor(), delivery_id)
    except Invalid as error:
        flash(str(error), "error")
        return back_to("activity.deliveries")
    return back_to("activity.deliveries", "It's due now. The result appears here in a moment.")


def _details_of(row: Delivery) -> str:
    """The page with all details of a delivery; empty when there is none."""
    if row.reader == AUTOTASK:
        return url_for("activity.quote_panel", quote_id=row.quote_id)
    if row.reader == messages.KEY:
        return url_for("integrations.webhook_delivery", delivery_id=row.id)
    return ""
