"""One command on several quotes of the list."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.quotes import quotes
from webapp.blueprints.support import actor, ask
from webapp.services.core.fields import parse_id
from webapp.services.core.formatting import plural
from webapp.services.quoting.lists import filters, together

# What can't be taken back by a click asks first.
ASKED = {"lost": ("Mark {} as lost?", "Mark as lost"), "delete": ("Delete {} and their lines?", "Delete")}


@quotes.post("/together")
@login_required
def do_together() -> ResponseReturnValue:
    """Do what ``do`` says with the quotes that are selected (``selected``), and say what came of each.

    ``all``: the number of quotes in the view that is shown, where all of them are meant.
    """
    what, shown = request.form.get("do", ""), filters.read(request.form)
    count = parse_id(request.form.get("all", ""))
    if count is not None:
        chosen = together.of_view(actor(), shown.view(actor()), count)
    else:
        ids = [parse_id(one) for one in request.form.getlist("selected")]
        chosen = [one for one in ids if one is not None]
    if what in ASKED and chosen:
        sentence, button = ASKED[what]
        many = plural(len(chosen), "draft" if what == "delete" else "quote")
        asked = ask(sentence.format(many), button)
        if asked:
            return asked
    outcomes = together.do(actor(), chosen, what, request.form)
    return render_template("quotes/together.html", outcomes=outcomes, shown=shown)
