"""The list of changed quotes, and one quote with a choice for each difference."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.drift import drift
from webapp.blueprints.support import (
    actor,
    back_to,
    integrator_required,
    is_htmx,
    may,
    require,
    runtime,
)
from webapp.models import Quote, db
from webapp.services.accounts.permissions import Permission
from webapp.services.autotask.drift import check as drift_check
from webapp.services.autotask.drift import decide as drift_decide
from webapp.services.autotask.drift import listing as drift_listing
from webapp.services.autotask.drift import schedule as drift_schedule
from webapp.services.autotask.drift import words as drift_words
from webapp.services.core.errors import Conflict, Invalid, ServiceError
from webapp.services.core.fields import Reader, parse_id
from webapp.services.quoting.draft import editing

_SIDE = re.compile(r"side-(\d+)")


@drift.get("/")
@login_required
def index() -> ResponseReturnValue:
    """Every quote with an open difference; htmx polls while quotes are being checked."""
    rows = drift_listing.rows(None if may(Permission.REVIEW) else actor().id)
    template = "drift/_list.html" if is_htmx() else "drift/index.html"
    return render_template(
        template, rows=rows, progress=drift_listing.progress(), sees_all=may(Permission.REVIEW)
    )


@drift.post("/compare")
@integrator_required
def compare_all() -> ResponseReturnValue:
    """Check all quotes within the next minutes."""
    number = drift_schedule.compare_soon()
    drift_schedule.tick(runtime())
    if not number:
        return back_to("drift.index", "No quotes have been synced yet, so there's nothing to check.")
    quotes = "1 quote" if number == 1 else f"{number} quotes"
    return back_to("drift.index", f"Checking {quotes}. This takes a few minutes.")


@drift.get("/quotes/<int:quote_id>")
@login_required
def show(quote_id: int) -> ResponseReturnValue:
    """One quote's differences."""
    return _page(editing.get(quote_id))


@drift.get("/quotes/<int:quote_id>/panel")
@login_required
def panel(quote_id: int) -> ResponseReturnValue:
    """The summary on the quote's page."""
    quote = editing.get(quote_id)
    if not is_htmx():
        page = "drift.show" if may(Permission.SEE_COST) else "quotes.show"
        return redirect(url_for(page, quote_id=quote_id), 303)
    return render_template("drift/_panel.html", quote=quote, summary=drift_listing.summary(quote))


@drift.post("/quotes/<int:quote_id>/compare")
@login_required
def compare(quote_id: int) -> ResponseReturnValue:
    """Check one quote now."""
    quote = editing.get(quote_id)
    require(Permission.REVIEW, quote)
    try:
        number = drift_check.check_one(runtime(), quote)
    except ServiceError as error:
        db.session.rollback()
        return _page(editing.get(quote_id), 409 if isinstance(error, Conflict) else 422, sentence=str(error))
    if is_htmx():
        return _page(editing.get(quote_id))
    if not number:
        flash("No new changes in Autotask.", "success")
    return redirect(url_for("drift.show", quote_id=quote_id), 303)


@drift.post("/quotes/<int:quote_id>/decide")
@login_required
def decide(quote_id: int) -> ResponseReturnValue:
    """Store all choices together."""
    quote, choices = editing.get(quote_id), _choices(request.form)
    require(Permission.REVIEW, quote)
    try:
        done = drift_decide.decide(actor(), quote, choices)
    except (Invalid, Conflict) as error:
        status = 409 if isinstance(error, Conflict) else 422
        return _page(editing.get(quote_id), status, sentence=str(error), chosen=choices)
    parts = []
    if done.ours:
        parts.append(f"{done.ours} syncing to Autotask now")
    if done.remote:
        parts.append(f"{done.remote} kept as in Autotask")
    return back_to("drift.show", f"Saved: {', '.join(parts)}.", quote_id=quote_id)


@drift.post("/quotes/<int:quote_id>/reopen")
@login_required
def reopen(quote_id: int) -> ResponseReturnValue:
    """Reopen an accepted difference."""
    quote, number = editing.get(quote_id), Reader(request.form).identifier("finding") or 0
    require(Permission.REVIEW, quote)
    drift_decide.reopen(actor(), quote, number)
    return back_to("drift.show", "Reopened. Nothing changes until you choose again.", quote_id=quote_id)


def _choices(form: Mapping[str, str]) -> dict[int, tuple[str, str]]:
    choices = {}
    for name, side in form.items():
        match = _SIDE.fullmatch(name)
        number = parse_id(match[1]) if match else None
        if number is not None and side:
            choices[number] = (side, form.get(f"seen-{number}", ""))
    return choices


def _page(
    quote: Quote,
    status: int = 200,
    *,
    sentence: str = "",
    chosen: Mapping[int, tuple[str, str]] | None = None,
) -> ResponseReturnValue:
    template = "drift/_quote.html" if is_htmx() else "drift/quote.html"
    records = drift_words.records(replace(runtime(), offline=True), drift_listing.findings(quote))
    return (
        render_template(
            template,
            quote=quote,
            summary=drift_listing.summary(quote),
            records=records,
            sentence=sentence,
            chosen=chosen or {},
            may_act=may(Permission.REVIEW, quote),
        ),
        status,
    )
