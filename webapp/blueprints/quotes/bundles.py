"""The parts of a line that is a bundle, as a page with one form."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints import answered
from webapp.blueprints.quotes import quotes
from webapp.blueprints.quotes.editor import context
from webapp.blueprints.support import actor, back_to
from webapp.models import Quote, QuoteLine
from webapp.services.core.errors import NotFound
from webapp.services.quoting.draft import bundles, editing, lines


@quotes.get("/<int:quote_id>/lines/<uid>/parts")
@login_required
def show_parts(quote_id: int, uid: str) -> ResponseReturnValue:
    """The parts of a bundle and its price."""
    quote = editing.get(quote_id)
    line = _bundle(quote, uid)
    return _page(quote, line, answered.opened(bundles.seen(line), bundles.shown(actor(), line)))


@quotes.post("/<int:quote_id>/lines/<uid>/parts")
@login_required
def save_parts(quote_id: int, uid: str) -> ResponseReturnValue:
    """Save them all; ``do`` removes one."""
    line, form = answered.attempt(
        lambda: lines.change_parts(actor(), quote_id, uid, request.form),
        lambda: bundles.shown(actor(), _bundle(editing.get(quote_id), uid)),
    )
    if line is not None and not request.form.get("do"):
        return back_to("quotes.show", quote_id=quote_id, _anchor=f"line-{uid}")
    if line is not None:
        return back_to("quotes.show_parts", "Removed.", quote_id=quote_id, uid=uid)
    quote = editing.get(quote_id)
    return _page(quote, _bundle(quote, uid), form)


def _bundle(quote: Quote, uid: str) -> QuoteLine:
    line = lines.find(quote, uid)
    if not line.bundle:
        raise NotFound("This line isn't a bundle, so it has no parts.")
    return line


def _page(quote: Quote, line: QuoteLine, form: answered.Answered) -> ResponseReturnValue:
    return render_template("quotes/parts.html", **context(quote), line=line, form=form), form.status
