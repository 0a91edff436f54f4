"""Quotes: the list, the editor, publishing and the outcome."""

from __future__ import annotations

from flask import Blueprint

quotes = Blueprint("quotes", __name__, url_prefix="/quotes")

from webapp.blueprints.quotes import (  # noqa: F401  the views register themselves
    autotask,
    editor,
    handing_over,
    index,
    item_search,
    lines,
    new,
    outcome,
    plain,
    preflight,
    preview,
)
