"""The lines in the editor. htmx gets the parts that changed; without htmx, the browser reloads the page."""

from __future__ import annotations

from typing import Any

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.quotes import quotes
from webapp.blueprints.quotes.editor import context, page
from webapp.blueprints.support import actor, back_to, is_htmx
from webapp.models import Quote
from webapp.services.catalog import items
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.core.fields import Reader
from webapp.services.quoting.draft import editing, lines


@quotes.post("/<int:quote_id>/lines")
@login_required
def add_line(quote_id: int) -> ResponseReturnValue:
    """Add an item of the library (``item_id``) or a custom item (``name``)."""
    item_id = Reader(request.form).identifier("item_id")
    try:
        if item_id is not None:
            line = lines.add_item(actor(), quote_id, items.get(item_id))
        else:
            line = lines.add_ad_hoc(actor(), quote_id, request.form)
    except Invalid as error:
        quote = editing.get(quote_id)
        sentence = " ".join(error.fields.values()) or str(error)
        if is_htmx():
            return render_template("quotes/_results.html", **context(quote), find_sentence=sentence), 422
        return page(quote, 422, find_sentence=sentence)
    return line_added(editing.get(quote_id), line.uid, ad_hoc=item_id is None)


@quotes.post("/<int:quote_id>/lines/<uid>")
@login_required
def save_line(quote_id: int, uid: str) -> ResponseReturnValue:
    """Save one line."""
    try:
        lines.change(actor(), quote_id, uid, request.form)
    except (Invalid, Conflict) as error:
        quote = editing.get(quote_id)
        status = 409 if isinstance(error, Conflict) else 422
        refused: dict[str, Any] = {
            "refused_uid": uid,
            "refused_values": request.form,
            "refused_errors": getattr(error, "fields", {}),
            "refused_sentence": str(error),
        }
        if is_htmx():
            return render_template("quotes/_line_saved.html", **_line_context(quote, uid), **refused), status
        return page(quote, status, **refused)
    quote = editing.get(quote_id)
    if is_htmx():
        return render_template("quotes/_line_saved.html", **_line_context(quote, uid))
    return back_to("quotes.show", quote_id=quote_id, _anchor=f"line-{uid}")


@quotes.post("/<int:quote_id>/lines/<uid>/move")
@login_required
def move_line(quote_id: int, uid: str) -> ResponseReturnValue:
    """Move a line to ``position``, counted from 1."""
    position = Reader(request.form).identifier("position") or 1
    lines.move(actor(), quote_id, uid, position)
    return _lines(quote_id, uid)


@quotes.post("/<int:quote_id>/lines/<uid>/copy")
@login_required
def copy_line(quote_id: int, uid: str) -> ResponseReturnValue:
    """Insert a copy below a line."""
    return _lines(quote_id, lines.duplicate(actor(), quote_id, uid).uid)


@quotes.post("/<int:quote_id>/lines/<uid>/delete")
@login_required
def delete_line(quote_id: int, uid: str) -> ResponseReturnValue:
    """Delete a line."""
    lines.remove(actor(), quote_id, uid)
    return _lines(quote_id, "")


def line_added(quote: Quote, uid: str, *, ad_hoc: bool = False) -> ResponseReturnValue:
    """The lines with the new one. A custom item needs a price next, so the script moves the focus there."""
    if not is_htmx():
        return back_to("quotes.show", quote_id=quote.id, _anchor="add-line")
    response = make_response(render_template("quotes/_lines_changed.html", **context(quote)))
    response.headers["HX-Trigger-After-Settle"] = f'{{"line-added": {{"focus": "{uid if ad_hoc else ""}"}}}}'
    return response


def _lines(quote_id: int, uid: str) -> ResponseReturnValue:
    if is_htmx():
        return render_template("quotes/_lines_changed.html", **context(editing.get(quote_id)))
    return back_to("quotes.show", quote_id=quote_id, _anchor=f"line-{uid}" if uid else "lines")


def _line_context(quote: Quote, uid: str) -> dict[str, Any]:
    """The context of one line; ``line`` is None when it no longer exists."""
    shared = context(quote)
    pairs = zip(quote.lines, shared["totals"].lines, strict=True)
    line, amounts = next(((line, amounts) for line, amounts in pairs if line.uid == uid), (None, None))
    return {**shared, "line": line, "amounts": amounts}
