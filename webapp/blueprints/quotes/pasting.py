"""Lines from and for a spreadsheet."""

from __future__ import annotations

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.quotes import quotes
from webapp.blueprints.quotes.lines import changed
from webapp.blueprints.support import actor, back_to, is_htmx, may
from webapp.services.accounts.permissions import Permission
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.core.formatting import plural
from webapp.services.quoting.draft import editing, lines, pasting


@quotes.post("/<int:quote_id>/paste")
@login_required
def show_pasted(quote_id: int) -> ResponseReturnValue:
    """What the pasted text would add. Changes nothing."""
    text = request.form.get("text", "")
    try:
        pasted, sentence = pasting.read(actor(), editing.get(quote_id), text), ""
    except Invalid as error:
        pasted, sentence = None, str(error)
    return _preview(quote_id, text, pasted, sentence)


@quotes.post("/<int:quote_id>/lines/pasted")
@login_required
@work.command
def add_pasted(quote_id: int) -> ResponseReturnValue:
    """Add the rows that can be added."""
    text = request.form.get("text", "")
    before = lines.order(quote_id)
    try:
        added, left = pasting.add(actor(), quote_id, text)
    except Invalid as error:
        sentence = " ".join([str(error), *error.fields.values()])
        return _preview(quote_id, text, None, sentence, oob=True, status=422)
    said = f"{plural(len(added), 'line')} added."
    if left:
        rows = ", ".join(str(row.number) for row in left[:10])
        said += f" {plural(len(left), 'row')} left out: {rows}."
    if not is_htmx():
        return back_to("quotes.show", said, quote_id=quote_id)
    return changed(quote_id, added[0], before, "line-placed", said, is_kept=bool(left))


@quotes.get("/<int:quote_id>/copied")
@login_required
def copied(quote_id: int) -> ResponseReturnValue:
    """Lines (``uids``) as tab-separated text."""
    text = pasting.copied(actor(), editing.get(quote_id), request.args.get("uids", "").split())
    return Response(text, mimetype="text/tab-separated-values", headers={"Cache-Control": "no-store"})


def _preview(
    quote_id: int,
    text: str,
    pasted: pasting.Pasted | None,
    sentence: str,
    *,
    oob: bool = False,
    status: int = 200,
) -> ResponseReturnValue:
    quote, see_cost = editing.get(quote_id), may(Permission.SEE_COST)
    shared = {"quote": quote, "see_cost": see_cost, "text": text, "pasted": pasted, "sentence": sentence}
    return render_template("quotes/_pasted.html", **shared, oob=oob), status
