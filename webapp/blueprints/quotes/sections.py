"""The sections in the editor. htmx gets the whole sheet; without htmx, the browser reloads the page."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints import answered
from webapp.blueprints.quotes import quotes
from webapp.blueprints.quotes.editor import page
from webapp.blueprints.quotes.lines import changed
from webapp.blueprints.support import actor, ask, back_to, is_htmx, render_block
from webapp.models import Quote
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader
from webapp.services.quoting.draft import editing, sections, shown


@quotes.post("/<int:quote_id>/sections")
@login_required
@work.command
def add_section(quote_id: int) -> ResponseReturnValue:
    """Add a section as the last one."""
    try:
        section = sections.add(actor(), quote_id, request.form)
    except Invalid as error:
        sentence = " ".join(error.fields.values()) or str(error)
        if is_htmx():
            return render_block(
                "quotes/_add_section.html", "refused", section_sentence=sentence, oob=True
            ), 422
        return page(editing.get(quote_id), 422, section_sentence=sentence)
    return _all_lines(quote_id, "section-added", f"Section {section.title} added.", section.uid)


@quotes.get("/<int:quote_id>/sections/<uid>")
@login_required
def show_section(quote_id: int, uid: str) -> ResponseReturnValue:
    """What can be changed of a section; without htmx, as a page."""
    quote = editing.get(quote_id)
    section = sections.find(quote, uid)
    return _form(quote, uid, answered.opened(sections.seen(section), shown.section(section)))


@quotes.post("/<int:quote_id>/sections/<uid>")
@login_required
@work.command
def save_section(quote_id: int, uid: str) -> ResponseReturnValue:
    """Save a section, or do what ``do`` says: ``up``, ``down``, ``ungroup`` or ``delete`` it with its lines."""
    do = request.form.get("do", "")
    if do:
        return _do(quote_id, uid, do)
    section, form = answered.attempt(
        lambda: sections.change(actor(), quote_id, uid, request.form),
        lambda: shown.section(sections.find(editing.get(quote_id), uid)),
    )
    if section is None:
        return _form(editing.get(quote_id), uid, form)
    return _all_lines(quote_id, "section-saved", f"Section {section.title} saved.", uid)


@quotes.post("/<int:quote_id>/lines/section")
@login_required
@work.command
def put_lines(quote_id: int) -> ResponseReturnValue:
    """Move the lines ``uids`` to the end of ``section`` (uid; empty: above all sections)."""
    uids = [uid for text in request.form.getlist("uids") for uid in text.split()]
    section_uid = Reader(request.form).text("section", 36)
    sections.put_lines(actor(), quote_id, uids, section_uid)
    said = f"{len(uids)} lines moved." if len(uids) != 1 else "Moved."
    return _all_lines(quote_id, "line-placed", said, uids[0] if uids else "")


@quotes.post("/<int:quote_id>/lines/<uid>/select")
@login_required
@work.command
def select_line(quote_id: int, uid: str) -> ResponseReturnValue:
    """Make a line the one that is taken of its section unless the customer chooses another."""
    line = sections.select(actor(), quote_id, uid)
    return _all_lines(quote_id, "line-placed", f"{line.name} is selected by default.", uid)


def _do(quote_id: int, uid: str, do: str) -> ResponseReturnValue:
    quote = editing.get(quote_id)
    section = sections.find(quote, uid)
    title, place = section.title, quote.sections.index(section) + 1
    if do == "delete":
        asked = ask(f"Delete the section “{title}” and its lines?", "Delete")
        if asked:
            return asked
    if do in ("delete", "ungroup"):
        sections.remove(actor(), quote_id, uid, with_lines=do == "delete")
        said = f"Section {title} deleted." if do == "delete" else f"The heading {title} was removed."
        return _all_lines(quote_id, "line-deleted" if do == "delete" else "lines-changed", said)
    sections.move(actor(), quote_id, uid, place - 1 if do == "up" else place + 1)
    return _all_lines(quote_id, "section-saved", f"Section {title} moved.", uid)


def _form(quote: Quote, uid: str, form: answered.Answered) -> ResponseReturnValue:
    shared: dict[str, Any] = {"quote": quote, "section": sections.find(quote, uid), "form": form}
    template = "quotes/_section_form.html" if is_htmx() else "quotes/section.html"
    return render_template(template, **shared), form.status


def _all_lines(quote_id: int, event: str, said: str, uid: str = "") -> ResponseReturnValue:
    if not is_htmx():
        return back_to("quotes.show", said, quote_id=quote_id, _anchor="lines")
    return changed(quote_id, uid, [], event, said)
