"""The editor without JavaScript: one form with the quote's details and all of its lines."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints import answered
from webapp.blueprints.answered import Answered
from webapp.blueprints.quotes import quotes
from webapp.blueprints.quotes.editor import page, shown_line
from webapp.blueprints.quotes.outcome import publish
from webapp.blueprints.support import actor, ask, back_to
from webapp.services.core.errors import NotFound
from webapp.services.quoting.draft import editing, lines, shown

CHOICES = ("use_mine", "keep_theirs")


@quotes.post("/<int:quote_id>/all")
@login_required
def save_all(quote_id: int) -> ResponseReturnValue:
    """Save what was typed in the details and every line, show what wasn't saved and why, then do what was asked."""
    quote = editing.get(quote_id)
    gone = 0
    _, header = answered.attempt(
        lambda: editing.save_header(actor(), quote_id, _part("header")),
        lambda: shown.header(editing.get(quote_id)),
        _part("header"),
    )
    more = {"header": header} if header.is_refused else {}
    refused: dict[str, Answered] = {}
    for uid in dict.fromkeys(name.rpartition(".")[0] for name in request.form if name.endswith(".seen")):
        if uid == "header":
            continue
        try:
            line = _save_line(quote_id, uid)
        except NotFound:
            gone += 1
            continue
        if line.is_refused:
            refused[uid] = line
    if refused or more or gone:
        sentence = _not_saved(len(refused), gone, details=bool(more))
        quote = editing.get(quote_id)
        return page(quote, 422, refused_lines=refused, publish_sentence=sentence, **more)
    return _do(quote_id, *request.form.get("do", "").split(" ", 1))


def _save_line(quote_id: int, uid: str) -> Answered:
    """Raises NotFound when the line was deleted."""
    _, line = answered.attempt(
        lambda: lines.change(actor(), quote_id, uid, _part(uid)),
        lambda: shown_line(lines.find(editing.get(quote_id), uid)),
        _part(uid),
    )
    return line


def _part(prefix: str) -> dict[str, str]:
    """The controls of one line, or of the details."""
    start = f"{prefix}."
    part = {name.removeprefix(start): text for name, text in request.form.items() if name.startswith(start)}
    return part | {name: request.form[name].removeprefix(start) for name in CHOICES if name in request.form}


def _not_saved(refused: int, gone: int, *, details: bool) -> str:
    parts = ["the quote details"] if details else []
    parts += [f"{refused} of the lines"] if refused else []
    sentence = f"Not saved: {' and '.join(parts)}. Fix the highlighted fields. " if parts else ""
    if gone:
        sentence += "A line was deleted by someone else, so what you entered there wasn't saved. "
    return f"{sentence}Everything else was saved."


def _do(quote_id: int, what: str, uid: str = "") -> ResponseReturnValue:
    if what == "publish":
        return publish(quote_id)
    if what == "delete":
        asked = ask(f"Delete the line “{lines.find(editing.get(quote_id), uid).name}”?", "Delete")
        if asked:
            return asked
        lines.remove(actor(), quote_id, uid)
    elif what == "copy":
        lines.duplicate(actor(), quote_id, uid)
    elif what in ("up", "down"):
        position = lines.find(editing.get(quote_id), uid).position + 1
        lines.move(actor(), quote_id, uid, position - 1 if what == "up" else position + 1)
    return back_to("quotes.show", "All changes saved.", quote_id=quote_id, plain=1)
