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
    """Search, filter and sort; htmx gets only the table. ``sums=y``: the sums of a view of several pages.

    htmx gets those without the quotes.
    """
    mine = request.args.get("owner") == "me"
    sort = request.args.get("sort", "")
    view = View(
        request.args.get("q", ""),
        request.args.get("stage", ""),
        actor().id if mine else None,
        sort if sort.removeprefix("-") in listing.SORTS else listing.LATEST,
    )
    asks = bool(request.args.get("sums"))
    if asks and is_htmx():
        count, sums = listing.foot(actor(), view)
        return render_template("quotes/_foot.html", count=count, sums=sums, asks=True)
    page = listing.search(actor(), view, page=page_number())
    sums = page.sums
    if asks and sums is None:
        _, sums = listing.foot(actor(), view)
    return render_template(
        "quotes/_table.html" if is_htmx() else "quotes/index.html",
        page=page,
        view=view,
        mine=mine,
        stages=stages.STAGES,
        latest=listing.LATEST,
        push_badges=states.of_quotes([row.quote.id for row in page.rows]),
        count=page.count,
        sums=sums,
        asks=asks,
        today=place.today(),
    )
