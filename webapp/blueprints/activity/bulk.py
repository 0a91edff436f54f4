"""Bulk sync: choose quotes, preview the changes, start the batch, watch it."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.blueprints import answered
from webapp.blueprints.activity import activity
from webapp.blueprints.answered import Answered
from webapp.blueprints.support import actor, back_to, integrator_required, is_htmx, runtime
from webapp.models import Quote
from webapp.services.autotask.activity import bulk as bulks
from webapp.services.autotask.activity import runs as activities
from webapp.services.autotask.activity import states
from webapp.services.core.fields import Reader, parse_id
from webapp.services.delivery import batches
from webapp.services.quoting.draft import editing

# The control beside the chosen quotes, as it is opened.
STOP = {"stop_after": "3"}


@activity.get("/bulk")
@integrator_required
def bulk() -> ResponseReturnValue:
    """Choose quotes."""
    return _choose(answered.opened("", {}))


@activity.post("/bulk")
@integrator_required
def bulk_review() -> ResponseReturnValue:
    """The chosen quotes; each loads its own dry run."""
    chosen, form = answered.attempt(lambda: bulks.chosen(_ids()), lambda: STOP)
    return _choose(form) if chosen is None else _review(chosen, answered.opened("", STOP))


@activity.get("/bulk/<int:quote_id>/dry-run")
@integrator_required
def bulk_dry_run(quote_id: int) -> ResponseReturnValue:
    """What the push of one quote would do, with nothing written to Autotask."""
    quote = editing.get(quote_id)
    result = bulks.dry_run(runtime(), quote)
    template = "activity/_dry_run.html" if is_htmx() else "activity/dry_run.html"
    return render_template(template, quote=editing.get(quote_id), result=result)


@activity.post("/batches")
@integrator_required
def start_batch() -> ResponseReturnValue:
    """Start the pushes."""
    stop_after = parse_id(request.form.get("stop_after")) or 0
    batch, form = answered.attempt(lambda: bulks.start(actor(), _ids(), stop_after), lambda: STOP)
    if batch is None:
        return _review(bulks.chosen(_ids()), form) if form.errors else _choose(form)
    left = len(set(_ids())) - len(bulks.progress(batch.id).rows)
    if left:
        skipped = "Skipped 1 quote" if left == 1 else f"Skipped {left} quotes"
        flash(f"{skipped}: already waiting to sync, or never published.", "info")
    return redirect(url_for("activity.batch", batch_id=batch.id), 303)


@activity.get("/batches/<int:batch_id>")
@integrator_required
def batch(batch_id: int) -> ResponseReturnValue:
    """The progress of a batch."""
    progress = bulks.progress(batch_id)
    if is_htmx() and request.args.get("seen") == progress.mark:
        return "", 204
    template = "activity/_batch.html" if is_htmx() else "activity/batch.html"
    return render_template(template, progress=progress)


@activity.post("/batches/<int:batch_id>/stop")
@integrator_required
def stop_batch(batch_id: int) -> ResponseReturnValue:
    """Start no more pushes of the batch."""
    batches.stop_by_hand(batch_id, actor().name)
    return back_to(
        "activity.batch", "Bulk sync stopped. A sync that's already running will finish.", batch_id=batch_id
    )


def _ids() -> list[int]:
    """The ids of the ticked quotes."""
    return [number for number in map(parse_id, request.form.getlist("quote_id")) if number is not None]


def _choose(form: Answered) -> ResponseReturnValue:
    reader = Reader(request.values)
    status, owner_id = reader.raw("status"), reader.identifier("owner")
    status = status if status in states.BADGES else ""
    text = reader.raw("q")[:200]
    context: dict[str, Any] = {
        "candidates": bulks.candidates(text, status, owner_id),
        "text": text,
        "status": status,
        "owner_id": owner_id,
        "owners": activities.owners(),
        "badges": states.BADGES,
        "most": bulks.MOST,
        "form": form,
    }
    return render_template("activity/bulk.html", **context), form.status


def _review(quotes: list[Quote], form: Answered) -> ResponseReturnValue:
    return render_template("activity/bulk_review.html", quotes=quotes, form=form), form.status
