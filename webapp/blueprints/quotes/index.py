"""The list of quotes."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.quotes import quotes
from webapp.blueprints.support import actor, is_htmx, page_number
from webapp.services.autotask.activity import states
from webapp.services.company import place
from webapp.services.quoting.draft import stages
from webapp.services.quoting.lists import listing
from webapp.services.quoting.lists.listing import View


@quotes.get("/")
@login_required
def index() -> ResponseReturnValue:
    """Search, filter and sort; htmx gets only the table. ``sums=y``: with the sums of a view of several pages."""
    mine = request.args.get("owner") == "me"
    sort = request.args.get("sort", "")
    view = View(
        request.args.get("q", ""),
        request.args.get("stage", ""),
        actor().id if mine else None,
        sort if sort.removeprefix("-") in listing.SORTS else listing.LATEST,
    )
    page = listing.search(actor(), view, page=page_number())
    asks = bool(request.args.get("sums"))
    return render_template(
        "quotes/_table.html" if is_htmx() else "quotes/index.html",
        page=page,
        view=view,
        mine=mine,
        stages=stages.STAGES,
        latest=listing.LATEST,
        push_badges=states.of_quotes([row.quote.id for row in page.rows]),
        sums=page.sums if page.sums is not None or not asks else listing.sums(actor(), view),
        asks=asks,
        today=place.today(),
    )
