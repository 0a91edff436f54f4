"""Several lines of a quote at once: what would change, and the change."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.quotes import quotes
from webapp.blueprints.quotes.lines import changed, near
from webapp.blueprints.support import actor, is_htmx, may, render_block
from webapp.services.accounts.permissions import Permission
from webapp.services.core import work
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.core.formatting import plural
from webapp.services.quoting.draft import bulk, editing, foreseen, lines


@quotes.post("/<int:quote_id>/lines/bulk")
@login_required
@work.command
def change_lines(quote_id: int) -> ResponseReturnValue:
    """Do one thing (``do``) with several lines (``uids``)."""
    what, uids = request.form.get("do", ""), request.form.get("uids", "").split()
    before = lines.order(quote_id)
    try:
        if what == "delete":
            gone = bulk.remove(actor(), quote_id, uids)
            said, event, at = (
                f"{plural(len(gone), 'line')} deleted.",
                "line-deleted",
                near(quote_id, before, gone),
            )
            return changed(quote_id, at, before, event, said)
        if what == "copy":
            made = bulk.duplicate(actor(), quote_id, uids)
            return changed(quote_id, made[0], before, "line-placed", f"{plural(len(made), 'line')} copied.")
        done = bulk.change(actor(), quote_id, uids, what, request.form)
    except Invalid as error:
        sentence = " ".join(error.fields.values()) or str(error)
        if is_htmx():
            return render_block("quotes/_bulk.html", "refused", sentence=sentence, oob=True), 422
        raise
    said = " ".join([f"{plural(len(done.uids), 'line')} changed.", *done.sentences()])
    return changed(quote_id, "", before, "lines-changed", said, touched=done.uids, is_kept=bool(done.left))


@quotes.post("/<int:quote_id>/lines/foresee")
@login_required
def foresee_lines(quote_id: int) -> ResponseReturnValue:
    """What ``change_lines`` or ``put_lines`` would make of the lines and the quote; empty without a value.

    Changes nothing, and keeps no writer waiting (``support.READ_BY_POST``).
    """
    what, uids = request.form.get("do", ""), request.form.get("uids", "").split()
    is_empty = what in ("margin", "markup") and not request.form.get("value", "").strip()
    seen, sentence = None, ""
    try:
        seen = None if is_empty else foreseen.change(actor(), quote_id, uids, what, request.form)
    except Invalid as error:
        sentence = " ".join(error.fields.values()) or str(error)
    except NotFound as error:
        sentence = str(error)
    currency, see_cost = editing.get(quote_id).currency, may(Permission.SEE_COST)
    shared = {"foreseen": seen, "sentence": sentence, "currency": currency, "see_cost": see_cost}
    return render_template("quotes/_bulk_foreseen.html", **shared)
