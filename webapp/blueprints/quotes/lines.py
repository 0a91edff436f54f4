"""The lines in the editor. htmx gets the parts that changed; without htmx, the browser reloads the page."""

from __future__ import annotations

import json
from typing import Any

from flask import current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required
from itsdangerous import BadSignature, URLSafeSerializer

from webapp.blueprints import answered
from webapp.blueprints.quotes import quotes
from webapp.blueprints.quotes.editor import context, page, shown_line
from webapp.blueprints.support import actor, ask, back_to, is_htmx, runtime
from webapp.models import Quote, QuoteLine
from webapp.services.catalog import items
from webapp.services.core.errors import Invalid, ServiceError
from webapp.services.core.fields import Reader
from webapp.services.quoting.draft import editing, lines, undo


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
    line, form = answered.attempt(
        lambda: lines.change(actor(), quote_id, uid, request.form),
        lambda: shown_line(lines.find(editing.get(quote_id), uid)),
    )
    quote = editing.get(quote_id)
    if line is not None:
        form = answered.saved(request.form, lines.seen(actor(), line), shown_line(line))
    if is_htmx():
        return render_template("quotes/_line_saved.html", **_line_context(quote, uid), form=form), form.status
    if form.is_refused:
        return page(quote, form.status, refused_lines={uid: form})
    return back_to("quotes.show", quote_id=quote_id, _anchor=f"line-{uid}")


@quotes.post("/<int:quote_id>/lines/<uid>/move")
@login_required
def move_line(quote_id: int, uid: str) -> ResponseReturnValue:
    """Move a line to ``position``, counted from 1."""
    position = Reader(request.form).identifier("position") or 1
    line = lines.move(actor(), quote_id, uid, position)
    return _lines(quote_id, uid, "line-moved", f"Moved to line {line.position + 1}.")


@quotes.post("/<int:quote_id>/lines/<uid>/copy")
@login_required
def copy_line(quote_id: int, uid: str) -> ResponseReturnValue:
    """Insert a copy below a line."""
    line = lines.duplicate(actor(), quote_id, uid)
    return _lines(quote_id, line.uid, "line-placed", f"Copied to line {line.position + 1}.")


@quotes.post("/<int:quote_id>/lines/<uid>/delete")
@login_required
def delete_line(quote_id: int, uid: str) -> ResponseReturnValue:
    """Delete a line; the page offers to undo it, or without a script asks first."""
    asked = ask(f"Delete the line “{lines.find(editing.get(quote_id), uid).name}”?", "Delete")
    if asked:
        return asked
    line = lines.remove(actor(), quote_id, uid)
    deleted = {"name": line.name, "position": line.position, "line": _remembered(line)}
    return _lines(quote_id, uid, "line-deleted", f"Line {line.position + 1} deleted.", undo=deleted)


@quotes.post("/<int:quote_id>/lines/undo")
@login_required
def undo_delete(quote_id: int) -> ResponseReturnValue:
    """Put a deleted line back."""
    try:
        sealed = _signer().loads(request.form.get("line", ""))
        remembered = json.loads(runtime().vault.decrypt(sealed))
    except (BadSignature, ServiceError) as error:
        raise Invalid("This line can't be put back any more. Add it again.") from error
    line = undo.put_back(actor(), quote_id, remembered)
    return _lines(quote_id, line.uid, "line-placed", f"Line {line.position + 1} is back.")


def _remembered(line: QuoteLine) -> str:
    """The deleted line for the page's form. Encrypted: not everyone may see its cost."""
    return str(_signer().dumps(runtime().vault.encrypt(json.dumps(undo.remember(line)))))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", "deleted line")


def line_added(quote: Quote, uid: str, *, ad_hoc: bool = False) -> ResponseReturnValue:
    """The lines with the new one. A custom item needs a price next, so the script moves the focus there."""
    if not is_htmx():
        return back_to("quotes.show", quote_id=quote.id, _anchor="add-line")
    response = make_response(render_template("quotes/_lines_changed.html", **context(quote)))
    response.headers["HX-Trigger-After-Settle"] = f'{{"line-added": {{"focus": "{uid if ad_hoc else ""}"}}}}'
    return response


def _lines(quote_id: int, uid: str, event: str, said: str, **more: Any) -> ResponseReturnValue:
    """All lines again. ``event``: the script moves the focus; ``said``: what it announces."""
    if is_htmx():
        page_parts = render_template("quotes/_lines_changed.html", **context(editing.get(quote_id)), **more)
        response = make_response(page_parts)
        response.headers["HX-Trigger-After-Settle"] = json.dumps({event: {"line": uid, "said": said}})
        return response
    return back_to("quotes.show", quote_id=quote_id, _anchor=f"line-{uid}" if uid else "lines")


def _line_context(quote: Quote, uid: str) -> dict[str, Any]:
    """The context of one line."""
    shared = context(quote)
    pairs = zip(quote.lines, shared["totals"].lines, strict=True)
    line, amounts = next((line, amounts) for line, amounts in pairs if line.uid == uid)
    return {**shared, "line": line, "amounts": amounts}
