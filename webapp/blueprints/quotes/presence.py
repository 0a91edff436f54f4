"""Who else is in the editor of a quote."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.quotes import quotes
from webapp.blueprints.support import actor, runtime
from webapp.services.quoting.draft import presence


@quotes.get("/<int:quote_id>/here")
@login_required
def here(quote_id: int) -> ResponseReturnValue:
    """The editor asks while it is used, which says that its person is there; the answer names the others."""
    names = presence.others(runtime().redis, quote_id, actor())
    return render_template("quotes/_here.html", names=names), 200, {"Cache-Control": "no-store"}
