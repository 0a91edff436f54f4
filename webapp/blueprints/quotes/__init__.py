"""Quotes: the list, the editor, publishing and the outcome."""

from __future__ import annotations

from flask import Blueprint, g, session

from webapp.services.quoting.draft import steps

quotes = Blueprint("quotes", __name__, url_prefix="/quotes")


@quotes.before_request
def keep_steps() -> None:
    """What this browser's session does to a quote, it can undo."""
    g.open.enter_context(steps.of_session(session.get("sid", "")))


from webapp.blueprints.quotes import (  # noqa: F401  the views register themselves
    autotask,
    bundles,
    editor,
    evidence,
    handing_over,
    index,
    item_search,
    lines,
    new,
    outcome,
    pasting,
    payments,
    plain,
    preflight,
    presence,
    preview,
    sections,
    sending,
    several,
    signers,
    talking,
    together,
)
