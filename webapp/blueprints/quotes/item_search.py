"""The search box below the lines."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.quotes import quotes
from webapp.blueprints.quotes.editor import page
from webapp.blueprints.support import actor, is_htmx
from webapp.services.catalog import items as catalog_items
from webapp.services.core.fields import clean_text
from webapp.services.quoting.draft import editing

SHOWN = 8


@quotes.get("/<int:quote_id>/find")
@login_required
def find(quote_id: int) -> ResponseReturnValue:
    """Items of the library. A separate request searches Autotask, which can take longer."""
    quote = editing.get(quote_id)
    text = clean_text(request.args.get("q", ""))[:200]
    items = catalog_items.search(text, limit=SHOWN, viewer=actor()) if text else []
    if is_htmx():
        return render_template("quotes/_results.html", quote=quote, find_text=text, results=items)
    return page(quote, find_text=text, results=items)
