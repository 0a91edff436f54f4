"""The quotes that went apart, and one quote with the choice of a side for each difference."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.activity.access import is_admin, is_theirs
from webapp.blueprints.drift import drift
from webapp.blueprints.support import actor, admin_required, back_to, is_htmx, refusal, runtime
from webapp.models import Quote, db
from webapp.services.autotask.drift import check as drift_check
from webapp.services.autotask.drift import decide as drift_decide
from webapp.services.autotask.drift import listing as drift_listing
from webapp.services.autotask.drift import schedule as drift_schedule
from webapp.services.autotask.drift import words as drift_words
from webapp.services.core.errors import Conflict, Invalid, ServiceError
from webapp.services.core.fields import Reader, parse_id
from webapp.services.quoting.draft import editing

NOT_YOURS = "This is a colleague's quote. Its owner and admins can compare it and decide."
_SIDE = re.compile(r"side-(\d+)")


@drift.get("/")
@login_required
def index() -> ResponseReturnValue:
    """Every quote with a difference that nobody decided about yet; htmx asks again while quotes are compared."""
    owner_id = None if is_admin() else actor().id
    found = {"rows": drift_listing.rows(owner_id), "compared": drift_listing.compared()}
    template = "drift/_list.html" if is_htmx() else "drift/index.html"
    return render_template(template, **found, is_admin=is_admin())


@drift.post("/compare")
@admin_required
def compare_all() -> ResponseReturnValue:
    """Let all quotes be compared in the next minutes."""
    number = drift_schedule.compare_soon()
    drift_schedule.tick(runtime())
    if not number:
        return back_to("drift.index", "No quote was pushed yet, so there is nothing to compare.")
    what = "1 quote is" if number == 1 else f"{number} quotes are"
    return back_to("drift.index", f"{what} compared in the next minutes.")


@drift.get("/quotes/<int:quote_id>")
@login_required
def show(quote_id: int) -> ResponseReturnValue:
    """One quote's differences."""
    return _page(editing.get(quote_id))


@drift.get("/quotes/<int:quote_id>/panel")
@login_required
def panel(quote_id: int) -> ResponseReturnValue:
    """The state in a few words, for the page of the quote."""
    quote = editing.get(quote_id)
    if not is_htmx():
        return redirect(url_for("drift.show", quote_id=quote_id), 303)
    return render_template("drift/_panel.html", quote=quote, summary=drift_listing.summary(quote))


@drift.post("/quotes/<int:quote_id>/compare")
@login_required
def compare(quote_id: int) -> ResponseReturnValue:
    """Compare now."""
    quote = editing.get(quote_id)
    if not is_theirs(quote):
        return refusal(403, NOT_YOURS)
    try:
        number = drift_check.check_one(runtime(), quote)
    except ServiceError as error:
        db.session.rollback()
        return _page(editing.get(quote_id), 409 if isinstance(error, Conflict) else 422, sentence=str(error))
    if is_htmx():
        return _page(editing.get(quote_id))
    if not number:
        flash("Autotask agrees with the quote, but for what was decided already.", "success")
    return redirect(url_for("drift.show", quote_id=quote_id), 303)


@drift.post("/quotes/<int:quote_id>/decide")
@login_required
def decide(quote_id: int) -> ResponseReturnValue:
    """Take the sides that were chosen, all together."""
    quote, choices = editing.get(quote_id), _choices(request.form)
    if not is_theirs(quote):
        return refusal(403, NOT_YOURS)
    try:
        done = drift_decide.decide(actor(), quote, choices)
    except (Invalid, Conflict) as error:
        db.session.rollback()
        status = 409 if isinstance(error, Conflict) else 422
        return _page(editing.get(quote_id), status, sentence=str(error), chosen=choices)
    parts = []
    if done.ours:
        parts.append(f"{done.ours} {'is' if done.ours == 1 else 'are'} pushed to Autotask now")
    if done.theirs:
        parts.append(f"{done.theirs} {'stays' if done.theirs == 1 else 'stay'} as in Autotask")
    return back_to("drift.show", f"Decided: {', '.join(parts)}.", quote_id=quote_id)


@drift.post("/quotes/<int:quote_id>/reopen")
@login_required
def reopen(quote_id: int) -> ResponseReturnValue:
    """Let an accepted difference be decided anew."""
    quote, number = editing.get(quote_id), Reader(request.form).identifier("finding") or 0
    if not is_theirs(quote):
        return refusal(403, NOT_YOURS)
    drift_decide.reopen(actor(), quote, number)
    return back_to("drift.show", "Choose a side again. Until then all stays as it is.", quote_id=quote_id)


def _choices(form: Mapping[str, str]) -> dict[int, tuple[str, str]]:
    found = {}
    for name, side in form.items():
        match = _SIDE.fullmatch(name)
        number = parse_id(match[1]) if match else None
        if number is not None and side:
            found[number] = (side, form.get(f"seen-{number}", ""))
    return found


def _page(
    quote: Quote,
    status: int = 200,
    *,
    sentence: str = "",
    chosen: Mapping[int, tuple[str, str]] | None = None,
) -> ResponseReturnValue:
    template = "drift/_quote.html" if is_htmx() else "drift/quote.html"
    shown = drift_words.records(replace(runtime(), offline=True), drift_listing.findings(quote))
    return (
        render_template(
            template,
            quote=quote,
            summary=drift_listing.summary(quote),
            records=shown,
            sentence=sentence,
            chosen=chosen or {},
            theirs=is_theirs(quote),
        ),
        status,
    )
