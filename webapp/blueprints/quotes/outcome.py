"""Publish a quote and set its outcome."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints import answered
from webapp.blueprints.quotes import quotes
from webapp.blueprints.quotes.editor import OUTCOME, page
from webapp.blueprints.support import actor, ask, back_to
from webapp.models.quote import ACCEPTED
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.draft import copying, editing
from webapp.services.quoting.lifecycle import customer_link, publishing, transitions

DONE = {
    "accepted": "Marked as accepted.",
    "ordered": "Marked as ordered.",
    "fulfilled": "Marked as fulfilled.",
    "lost": "Marked as lost.",
    "pending": "Quote reopened.",
}


@quotes.post("/<int:quote_id>/publish")
@login_required
def publish(quote_id: int) -> ResponseReturnValue:
    """Freeze the quote and start its push, without waiting for it."""
    since = Reader(request.form).identifier("since") or 0
    seen = publishing.Screen(since, request.form.get("totals", ""))
    try:
        result = publishing.publish(actor(), quote_id, seen)
    except publishing.Unseen as error:
        return page(editing.get(quote_id), 409, publish_sentence=str(error), unseen=error.entries)
    except Invalid as error:
        return page(editing.get(quote_id), 422, publish_sentence=str(error))
    number = result.revision.number
    here = {"quote_id": quote_id} | ({"plain": 1} if request.endpoint == "quotes.save_all" else {})
    if not result.is_new:
        return back_to("quotes.show", f"Nothing has changed since revision {number}.", **here)
    quote = editing.get(quote_id)
    done = f"Published as quote {quote.number}, revision {number}."
    if result.ended_mail:
        done += (
            " The email that was waiting isn't sent, because it tells of the revision before. Send it again."
        )
    return back_to("quotes.show", done, **here)


@quotes.post("/<int:quote_id>/status")
@login_required
def set_status(quote_id: int) -> ResponseReturnValue:
    """Mark as accepted, ordered, fulfilled or lost, or reopen a lost quote."""
    status = request.form.get("status", "")
    _, outcome = answered.attempt(lambda: _advance(quote_id, status), lambda: OUTCOME)
    if outcome.is_refused:
        return page(editing.get(quote_id), outcome.status, outcome=outcome)
    return back_to("quotes.show", DONE[status], quote_id=quote_id)


def _advance(quote_id: int, status: str) -> None:
    if status == ACCEPTED:
        acceptance.record_for_customer(actor(), quote_id, request.form, request.form.get("sha256", ""))
    else:
        reason, listed = request.form.get("reason", ""), request.form.get("loss_reason")
        before = request.form.get("before", "")
        transitions.advance(actor(), quote_id, status, reason=reason, loss_reason_id=listed, before=before)


@quotes.post("/<int:quote_id>/link")
@login_required
def replace_link(quote_id: int) -> ResponseReturnValue:
    """Replace the customer's link, after asking."""
    editing.get(quote_id)
    asked = ask(
        "Replace the customer's link? The one that you sent stops working. Colleagues' links keep working until "
        "you turn them off.",
        "Replace link",
    )
    if asked is not None:
        return asked
    customer_link.replace(actor(), quote_id)
    return back_to(
        "quotes.show",
        "The customer page has a new link. The old one doesn't work anymore: send the new one.",
        quote_id=quote_id,
    )


@quotes.post("/<int:quote_id>/discard")
@login_required
def discard(quote_id: int) -> ResponseReturnValue:
    """Discard the changes since the last revision."""
    editing.get(quote_id)
    asked = ask("Discard all changes since the last revision?", "Discard changes")
    if asked:
        return asked
    try:
        editing.discard_changes(actor(), quote_id)
    except Invalid as error:
        return page(editing.get(quote_id), 422, publish_sentence=str(error))
    return back_to(
        "quotes.show", "Changes discarded. The draft matches the published quote.", quote_id=quote_id
    )


@quotes.post("/<int:quote_id>/delete")
@login_required
def delete(quote_id: int) -> ResponseReturnValue:
    """Delete a draft."""
    editing.get(quote_id)
    asked = ask("Delete this draft with all its lines?", "Delete")
    if asked:
        return asked
    editing.delete_draft(actor(), quote_id)
    return back_to("quotes.index", "Draft deleted.")


@quotes.post("/<int:quote_id>/copy")
@login_required
def copy(quote_id: int) -> ResponseReturnValue:
    """A new draft with the same customer and lines."""
    new = copying.copy(actor(), quote_id)
    flash("Copied. This is a new draft with the same customer and lines.", "success")
    return redirect(url_for("quotes.show", quote_id=new.id), 303)
