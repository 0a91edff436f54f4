"""Pushing many quotes again: choose, look at what it would do, set it off, watch it."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.blueprints.activity import activity
from webapp.blueprints.support import actor, admin_required, back_to, is_htmx, runtime
from webapp.services.autotask.activity import bulk as bulks
from webapp.services.autotask.activity import runs as activities
from webapp.services.autotask.activity import states
from webapp.services.autotask.push import batches
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.core.fields import Reader, parse_id
from webapp.services.quoting.draft import editing

STOP_AFTER = 3


@activity.get("/bulk")
@admin_required
def bulk() -> ResponseReturnValue:
    """Choose quotes."""
    return _choose()


@activity.post("/bulk")
@admin_required
def bulk_review() -> ResponseReturnValue:
    """The chosen quotes, each of which asks for its own dry run."""
    try:
        return _review(bulks.chosen(_ids()))
    except (Invalid, NotFound) as error:
        return _choose(str(error))


@activity.get("/bulk/<int:quote_id>/dry-run")
@admin_required
def bulk_dry_run(quote_id: int) -> ResponseReturnValue:
    """What the push of one quote would do; nothing is written in Autotask."""
    quote = editing.get(quote_id)
    result = bulks.dry_run(runtime(), quote)
    template = "activity/_dry_run.html" if is_htmx() else "activity/dry_run.html"
    return render_template(template, quote=editing.get(quote_id), result=result)


@activity.post("/batches")
@admin_required
def begin_batch() -> ResponseReturnValue:
    """Set the pushes off."""
    try:
        batch = bulks.begin(actor(), _ids(), parse_id(request.form.get("stop_after")) or 0)
    except Invalid as error:
        if not error.fields:
            return _choose(str(error))
        return _review(bulks.chosen(_ids()), errors=error.fields)
    except NotFound as error:
        return _choose(str(error))
    left = len(set(_ids())) - len(bulks.progress(batch.id).rows)
    if left:
        what = "1 quote is" if left == 1 else f"{left} quotes are"
        flash(f"{what} left out, since the push is on its way already or nothing was ever published.", "info")
    return redirect(url_for("activity.batch", batch_id=batch.id), 303)


@activity.get("/batches/<int:batch_id>")
@admin_required
def batch(batch_id: int) -> ResponseReturnValue:
    """How far a batch is."""
    found = bulks.progress(batch_id)
    if is_htmx() and request.args.get("seen") == found.mark:
        return "", 204
    template = "activity/_batch.html" if is_htmx() else "activity/batch.html"
    return render_template(template, progress=found)


@activity.post("/batches/<int:batch_id>/stop")
@admin_required
def stop_batch(batch_id: int) -> ResponseReturnValue:
    """Begin no further push of it."""
    batches.stop_by_hand(batch_id, actor().name)
    return back_to("activity.batch", "Stopped. A push that was under way is finished.", batch_id=batch_id)


def _ids() -> list[int]:
    """The quotes that were ticked; what is no id is left out."""
    return [number for number in map(parse_id, request.form.getlist("quote_id")) if number is not None]


def _choose(sentence: str = "") -> ResponseReturnValue:
    reader = Reader(request.values)
    status, owner_id = reader.raw("status"), reader.identifier("owner")
    status = status if status in states.LABELS else ""
    text = reader.raw("q")[:200]
    found: dict[str, Any] = {
        "candidates": bulks.candidates(text, status, owner_id),
        "text": text,
        "status": status,
        "owner_id": owner_id,
        "owners": activities.owners(),
        "labels": states.LABELS,
        "most": bulks.MOST,
        "sentence": sentence,
    }
    return render_template("activity/bulk.html", **found), 422 if sentence else 200


def _review(quotes: list[Any], errors: dict[str, str] | None = None) -> ResponseReturnValue:
    stop_after = request.form.get("stop_after", str(STOP_AFTER))
    page = render_template(
        "activity/bulk_review.html", quotes=quotes, stop_after=stop_after, errors=errors or {}
    )
    return page, 422 if errors else 200
