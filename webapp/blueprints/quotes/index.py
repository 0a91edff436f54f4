"""The list of quotes: filters, the views that people save, and the list as a spreadsheet."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.quotes import quotes
from webapp.blueprints.support import actor, back_to, is_htmx, may, page_number
from webapp.services.accounts import handing_over
from webapp.services.accounts.permissions import Permission
from webapp.services.autotask.activity import states
from webapp.services.company import loss_reasons, place
from webapp.services.core.errors import Invalid
from webapp.services.quoting.draft import stages
from webapp.services.quoting.lists import exporting, filters, listing, saved_views, together
from webapp.services.quoting.lists.filters import Filters


@quotes.get("/")
@login_required
def index() -> ResponseReturnValue:
    """Search, filter and sort; htmx gets only the table. ``sums=y``: the sums of a view of several pages.

    htmx gets those without the quotes. An address without filters opens the person's default view.
    """
    shown = filters.read(request.args)
    default = None if request.args or is_htmx() else saved_views.default_of(actor())
    if default is not None:
        shown = saved_views.filters_of(default)
    if request.args.get("sums") and is_htmx():
        count, sums = listing.foot(actor(), shown.view(actor()))
        return render_template("quotes/_foot.html", count=count, sums=sums, asks=True)
    template = "quotes/_listed.html" if is_htmx() else "quotes/index.html"
    return render_template(template, **_context(shown))


@quotes.post("/views")
@login_required
def save_view() -> ResponseReturnValue:
    """Keep what the list shows under a name."""
    shown = filters.read(request.form)
    try:
        view = saved_views.save(actor(), request.form, shown)
    except Invalid as error:
        sentence = " ".join(error.fields.values()) or str(error)
        return render_template("quotes/index.html", **_context(shown, sentence)), 422
    return back_to("quotes.index", f"The view “{view.name}” is saved.", **shown.query)


@quotes.post("/views/<int:view_id>")
@login_required
def change_view(view_id: int) -> ResponseReturnValue:
    """What ``do`` says: rename a saved view, make it the default or not, or delete it."""
    shown, do = filters.read(request.form), request.form.get("do", "")
    try:
        match do:
            case "delete":
                said = f"The view “{saved_views.remove(actor(), view_id)}” is deleted."
            case "default" | "no_default":
                view = saved_views.set_default(actor(), view_id, wanted=do == "default")
                said = f"Quotes {'opens' if view.is_default else 'no longer opens'} with “{view.name}”."
            case _:
                said = f"The view is called “{saved_views.rename(actor(), view_id, request.form).name}” now."
    except Invalid as error:
        sentence = " ".join(error.fields.values()) or str(error)
        return render_template("quotes/index.html", **_context(shown, sentence)), 422
    return back_to("quotes.index", said, **shown.query)


@quotes.post("/export")
@login_required
def export() -> ResponseReturnValue:
    """All quotes of the view as CSV. Exporting is an entry of the diary."""
    shown = filters.read(request.form)
    ids = exporting.note(actor(), shown)
    response = Response(stream_with_context(exporting.as_csv(actor(), ids)), mimetype="text/csv")
    name = f"quotes-{place.of_user(actor()).today():%Y-%m-%d}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _context(shown: Filters, view_sentence: str = "") -> dict[str, Any]:
    page = listing.search(actor(), shown.view(actor()), page=page_number())
    asks, sums, mine = bool(request.args.get("sums")), page.sums, saved_views.of_user(actor())
    if asks and sums is None:
        _, sums = listing.foot(actor(), shown.view(actor()))
    owners = filters.owners(actor())
    return {
        "page": page,
        "shown": shown,
        "asked": shown.asked,
        "sort": shown.sort if shown.sort != listing.LATEST else None,
        "chips": shown.chips(owners),
        "owners": owners,
        "views": mine,
        "current": next((view for view in mine if saved_views.filters_of(view) == shown), None),
        "filters_of": saved_views.filters_of,
        "stages": stages.STAGES,
        "push_badges": states.of_quotes([row.quote.id for row in page.rows]),
        "count": page.count,
        "sums": sums,
        "asks": asks,
        "most_together": together.MOST,
        "today": place.today(),
        "takers": handing_over.takers() if may(Permission.MANAGE) else [],
        "loss_reasons": loss_reasons.current()[0],
        "view_sentence": view_sentence,
    }
