"""The evidence of a quote: what happened to it, and the bundle that proves an acceptance."""

from __future__ import annotations

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.quotes import quotes
from webapp.blueprints.support import may, runtime
from webapp.services.accounts.permissions import Permission
from webapp.services.company import place
from webapp.services.core.errors import NotFound
from webapp.services.quoting.answer import bundle
from webapp.services.quoting.draft import editing
from webapp.services.quoting.evidence import chain, telling


@quotes.get("/<int:quote_id>/evidence")
@login_required
def evidence(quote_id: int) -> ResponseReturnValue:
    """All events from publishing on, and whether they follow from each other."""
    quote = editing.get(quote_id)
    return render_template(
        "quotes/evidence.html",
        quote=quote,
        events=telling.of_quote(quote.id),
        fault=chain.fault(quote.id),
        acceptance=quote.acceptance,
        has_bundle=bundle.exists(quote),
        zone_name=place.of_company().zone_name(),
    )


@quotes.get("/<int:quote_id>/signature.png")
@login_required
def evidence_drawing(quote_id: int) -> ResponseReturnValue:
    """The drawn signature."""
    acceptance = editing.get(quote_id).acceptance
    if acceptance is None or acceptance.drawing is None:
        raise NotFound("There's no drawn signature of this quote.")
    response = Response(acceptance.drawing.png, mimetype="image/png")
    response.headers["Cache-Control"] = "no-store"
    return response


@quotes.get("/<int:quote_id>/evidence.zip")
@login_required
def evidence_bundle(quote_id: int) -> ResponseReturnValue:
    """The bundle; without costs for whoever may not see them."""
    quote = editing.get(quote_id)
    name = bundle.name_of(quote)
    return zip_response(bundle.of_quote(quote, runtime(), for_customer=not may(Permission.SEE_COST)), name)


def zip_response(content: bytes, name: str) -> Response:
    """A zip file to save."""
    response = Response(content, mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
