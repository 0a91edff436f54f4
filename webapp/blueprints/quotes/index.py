"""The list of quotes."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.quotes import quotes
from webapp.blueprints.support import actor, is_htmx, page_number
from webapp.services.autotask.activity import states
from webapp.services.quoting.draft import stages
from webapp.services.quoting.lists import listing


@quotes.get("/")
@login_required
def index() -> ResponseReturnValue:
    """Search and filter; htmx gets only the table."""
    text, stage = request.args.get("q", ""), request.args.get("stage", "")
    mine = request.args.get("owner") == "me"
    page = listing.search(
        actor(),
        text,
        stage=stage,
        owner_id=actor().id if mine else None,
        page=page_number(),
    )
    template = "quotes/_table.html" if is_htmx() else "quotes/index.html"
    badges = states.of_quotes([row.quote.id for row in page.rows])
    return render_template(
        template, page=page, text=text, stage=stage, mine=mine, stages=stages.STAGES, push_badges=badges
    )
