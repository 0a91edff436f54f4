"""Landing from a record in Autotask, and the page that shows an admin how to create the links there."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.livelinks import livelinks
from webapp.blueprints.support import actor, integrator_required, runtime
from webapp.services.autotask.activity import states
from webapp.services.autotask.desk import livelinks as services
from webapp.services.core.fields import Reader


@livelinks.get("/<kind>")
@login_required
def land(kind: str) -> ResponseReturnValue:
    """The record's quote if it has exactly one, else a page with its quotes and a button for a new quote."""
    landing = services.land(
        actor(), kind, Reader(request.args).remote_identifier("id"), request.args.get("id", "")
    )
    if len(landing.rows) == 1 and kind in ("opportunity", "quote"):
        return redirect(url_for("quotes.show", quote_id=landing.rows[0].quote.id), 302)
    badges = states.of_quotes([row.quote.id for row in landing.rows])
    return render_template("livelinks/land.html", landing=landing, push_badges=badges)


@livelinks.get("/")
@integrator_required
def index() -> ResponseReturnValue:
    """The URLs to enter in Autotask's LiveLinks Designer."""
    base = f"{runtime().config.public_base_url}{url_for('livelinks.index')}"
    return render_template("livelinks/index.html", links=services.LIVE_LINKS.values(), base=base)
