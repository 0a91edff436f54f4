"""The lines in the editor. htmx gets the parts that changed; without htmx, the browser reloads the page.

A view that changes lines is one transaction with its command, so that its answer reads the lines once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any

from flask import flash, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints import answered
from webapp.blueprints.quotes import quotes
from webapp.blueprints.quotes.editor import (
    changes,
    context,
    line_context,
    order_digest,
    page,
    shown_line,
)
from webapp.blueprints.support import actor, ask, back_to, is_htmx
from webapp.models import Quote, QuoteLine, User
from webapp.models.line import ONE
from webapp.services.catalog import items
from webapp.services.core import merge, work
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader
from webapp.services.quoting.draft import editing, lines, shown, undo
from webapp.services.quoting.revisions import pricing

FEW = 20


@quotes.post("/<int:quote_id>/lines")
@login_required
@work.command
def add_line(quote_id: int) -> ResponseReturnValue:
    """Add an item of the library (``item_id``) or a custom item (``name``)."""
    item_id = Reader(request.form).identifier("item_id")
    before = lines.order(quote_id)
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
    return line_added(quote_id, line.uid, before, ad_hoc=item_id is None)


@quotes.get("/<int:quote_id>/lines/<uid>")
@login_required
def show_line(quote_id: int, uid: str) -> ResponseReturnValue:
    """A page with all fields of one line."""
    return _line_page(editing.get(quote_id), uid)


@quotes.get("/<int:quote_id>/details/<uid>")
@login_required
def line_details(quote_id: int, uid: str) -> ResponseReturnValue:
    """What the editor shows of a line that is opened; without htmx, a page with the whole line."""
    quote = editing.get(quote_id)
    if not is_htmx():
        return _line_page(quote, uid)
    line = lines.find(quote, uid)
    form = answered.opened(lines.seen(actor(), line, lines.DETAILS), shown.details(line))
    shared = line_context(quote, pricing.of_quote(quote))
    shared |= {"line": line, "form": form, "price_form": _price_form(line)}
    return render_template("quotes/_line_opened.html", **shared, pre="")


@quotes.post("/<int:quote_id>/lines/<uid>")
@login_required
@work.command
def save_line(quote_id: int, uid: str) -> ResponseReturnValue:
    """Save one line."""
    opened = merge.opened_with(request.form) or {*lines.FIELDS}
    fields = tuple(name for name in lines.FIELDS if name in opened)
    line, form = answered.attempt(
        lambda: lines.change(actor(), quote_id, uid, request.form),
        lambda: shown_line(lines.find(editing.get(quote_id), uid), fields),
    )
    quote = editing.get(quote_id)
    if line is not None:
        form = answered.saved(request.form, lines.seen(actor(), line, fields), shown_line(line, fields))
    if is_htmx():
        part = "answer" if "quantity" in opened else ("form" if "description" in opened else "price_form")
        line = lines.find(quote, uid)
        forms = {"price_form": _price_form(line)} if "with_price" in request.form else {}
        return changes(quote, line=line, touched={uid}, **(forms | {part: form})), form.status
    if form.is_refused:
        return _line_page(quote, uid, form)
    return back_to("quotes.show", quote_id=quote_id, _anchor=f"line-{uid}")


@quotes.post("/<int:quote_id>/lines/<uid>/move")
@login_required
@work.command
def move_line(quote_id: int, uid: str) -> ResponseReturnValue:
    """Move a line to ``position``, counted from 1."""
    position = Reader(request.form).identifier("position") or 1
    before = lines.order(quote_id)
    line = lines.move(actor(), quote_id, uid, position)
    return changed(quote_id, uid, before, "line-moved", f"Moved to line {line.position + 1}.", moved=[uid])


@quotes.post("/<int:quote_id>/lines/<uid>/copy")
@login_required
@work.command
def copy_line(quote_id: int, uid: str) -> ResponseReturnValue:
    """Insert a copy below a line."""
    before = lines.order(quote_id)
    line = lines.duplicate(actor(), quote_id, uid)
    return changed(quote_id, line.uid, before, "line-placed", f"Copied to line {line.position + 1}.")


@quotes.post("/<int:quote_id>/lines/<uid>/delete")
@login_required
@work.command
def delete_line(quote_id: int, uid: str) -> ResponseReturnValue:
    """Delete a line; the page offers to undo it, or without a script asks first."""
    asked = ask(f"Delete the line “{lines.find(editing.get(quote_id), uid).name}”?", "Delete")
    if asked:
        return asked
    before = lines.order(quote_id)
    line = lines.remove(actor(), quote_id, uid)
    at = near(quote_id, before, [uid])
    return changed(quote_id, at, before, "line-deleted", f"Line {line.position + 1} deleted.")


@quotes.post("/<int:quote_id>/steps/undo")
@login_required
@work.command
def undo_step(quote_id: int) -> ResponseReturnValue:
    """Undo this session's newest step."""
    return _stepped(quote_id, undo.undo, "Undone")


@quotes.post("/<int:quote_id>/steps/redo")
@login_required
@work.command
def redo_step(quote_id: int) -> ResponseReturnValue:
    """Do again what was undone last."""
    return _stepped(quote_id, undo.redo, "Redone")


def _stepped(quote_id: int, go: Callable[[User, int], undo.Undone], word: str) -> ResponseReturnValue:
    before = lines.order(quote_id)
    done = go(actor(), quote_id)
    kept = " ".join(done.kept[:3])
    said = f"{word}: {done.label}. {kept}" if done.is_anything else f"Nothing was undone. {kept}"
    uids = [line.uid for line in editing.get(quote_id).lines]
    uid = next((uid for uid in (*done.touched, *done.moved) if uid in uids), "")
    if not is_htmx():
        return back_to("quotes.show", said.strip(), quote_id=quote_id)
    if done.is_header:
        flash(said.strip(), "success")
        return "", 204, {"HX-Refresh": "true"}
    return changed(
        quote_id,
        uid,
        [] if done.is_sections else before,
        "line-placed" if uid else "lines-changed",
        said.strip(),
        touched=done.touched,
        moved=done.moved,
        is_kept=bool(kept),
    )


def near(quote_id: int, before: list[str], gone: Collection[str]) -> str:
    """The line that gets the focus: behind the first that is gone, else the last; empty when none is left."""
    after = lines.order(quote_id)
    place = min((before.index(uid) for uid in gone if uid in before), default=0)
    return after[min(place, len(after) - 1)] if after else ""


def line_added(quote_id: int, uid: str, before: list[str], *, ad_hoc: bool = False) -> ResponseReturnValue:
    """The new line. A custom item needs a price next, so the script moves the focus there."""
    if not is_htmx():
        return back_to("quotes.show", quote_id=quote_id, _anchor="add-line")
    return changed(quote_id, uid, before, "line-added", "", focus=uid if ad_hoc else "")


def changed(
    quote_id: int,
    uid: str,
    before: list[str],
    event: str,
    said: str,
    *,
    focus: str = "",
    touched: Collection[str] = (),
    moved: Collection[str] = (),
    is_kept: bool = False,
) -> ResponseReturnValue:
    """What changed after lines were added, moved, copied, changed, deleted or put back.

    ``before``: the lines' order until then. ``event``: the script moves the focus to ``uid``; ``said``: what it
    announces. ``touched``: whose values changed; ``moved``: whose place did. All lines are sent only where the page
    doesn't show what there was: someone else added, moved or deleted one, too.
    """
    if not is_htmx():
        return back_to("quotes.show", quote_id=quote_id, _anchor=f"line-{uid}" if uid else "lines")
    quote = editing.get(quote_id)
    after = [line.uid for line in quote.lines]
    fresh, gone = set(after) - set(before), set(before) - set(after)
    # Where one line of a section is taken, a change can make another one the default.
    is_known = (
        request.form.get("order") == order_digest(before)
        and bool(before and after)
        and not any(section.choice == ONE for section in quote.sections)
    )
    if quote.sections:
        # What changed of a line can be its section, which is its place.
        moved = {*moved, *touched}
    still = fresh | gone | set(moved)
    is_one = [one for one in before if one not in still] == [one for one in after if one not in still]
    # What has moved or gone is told in a header, which proxies take up to 4 kB of.
    is_few = len(moved) + len(gone) <= FEW
    is_whole, anchors = not (is_known and is_one and is_few), _anchors(quote)
    shared = {"fresh": fresh, "gone": gone, "touched": set(touched), "anchors": anchors}
    response = make_response(changes(quote, **shared, is_whole=is_whole))
    detail: dict[str, Any] = {"line": uid, "said": said, "focus": focus, "order": order_digest(after)}
    detail["kept"] = is_kept
    detail["gone"] = sorted(gone) if is_few else []
    detail["places"] = [[one, anchors[one]] for one in after if one in moved] if is_few else []
    response.headers["HX-Trigger-After-Settle"] = json.dumps({event: detail})
    return response


def _anchors(quote: Quote) -> dict[str, str]:
    """What each line stands below in the sheet, as a selector: another line, its section's heading, or the heads."""
    anchors, above, section = {}, "#lines .sheet-heads", None
    for line in quote.lines:
        if line.section is not section and line.section is not None:
            above, section = f"#section-{line.section.uid}", line.section
        anchors[line.uid] = above
        above = f"#line-{line.uid}"
    return anchors


def _price_form(line: QuoteLine) -> answered.Answered:
    """The price of an opened line, which has a form of its own."""
    return answered.opened(lines.seen(actor(), line, lines.PRICE), shown_line(line, lines.PRICE))


def _line_page(quote: Quote, uid: str, form: answered.Answered | None = None) -> ResponseReturnValue:
    """A page with all fields of one line. ``form``: what was refused."""
    shared = _line_context(quote, uid)
    line = shared["line"]
    form = form or answered.opened(lines.seen(actor(), line), shown_line(line))
    return render_template("quotes/line.html", **shared, form=form, pre=""), form.status


def _line_context(quote: Quote, uid: str) -> dict[str, Any]:
    """The context of one line."""
    line, totals = lines.find(quote, uid), pricing.of_quote(quote)
    amounts = totals.lines[quote.lines.index(line)]
    return {**line_context(quote, totals), "line": line, "amounts": amounts}
