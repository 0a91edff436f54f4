"""What would keep a push from going through, told before publishing."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.quotes import quotes
from webapp.blueprints.support import runtime
from webapp.services.autotask import preflight
from webapp.services.errors import ServiceError
from webapp.services.quoting import editing


@quotes.get("/<int:quote_id>/preflight")
@login_required
def preflight_check(quote_id: int) -> ResponseReturnValue:
    """The problems as a partial that the editor loads by itself."""
    quote = editing.get(quote_id)
    try:
        problems, sentence = preflight.check(runtime(), quote), ""
    except ServiceError as error:
        problems, sentence = [], str(error)
    return render_template("quotes/_preflight.html", problems=problems, sentence=sentence, quote=quote)
