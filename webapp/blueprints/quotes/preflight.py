"""The known problems of the next push, shown in the editor."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.quotes import quotes
from webapp.blueprints.quotes.editor import page
from webapp.blueprints.quotes.fixes import fix_for
from webapp.blueprints.support import actor, is_htmx, runtime
from webapp.models.quote import PENDING
from webapp.services.autotask.preview import preflight
from webapp.services.quoting.draft import editing


@quotes.get("/<int:quote_id>/preflight")
@login_required
def preflight_check(quote_id: int) -> ResponseReturnValue:
    """The problems as a partial; without JavaScript, on the page of the quote."""
    quote = editing.get(quote_id)
    if quote.status != PENDING:
        return "" if is_htmx() else page(quote)
    result: dict[str, Any] = {
        "report": preflight.check(runtime(), quote, refresh="again" in request.args, viewer=actor()),
        "fix_for": lambda problem: fix_for(problem, editing.get(quote_id)),
    }
    if is_htmx():
        return render_template("quotes/_preflight.html", quote=editing.get(quote_id), **result)
    return page(editing.get(quote_id), **result)
