"""The rep answers the customer's comments, and turns colleagues' links off."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints import answered
from webapp.blueprints.quotes import quotes
from webapp.blueprints.quotes.editor import page
from webapp.blueprints.support import actor, ask, back_to
from webapp.services.quoting.answer import comments, sharing
from webapp.services.quoting.draft import editing

REPLY = {"text": "", "line": ""}


@quotes.post("/<int:quote_id>/comments")
@login_required
def answer_comment(quote_id: int) -> ResponseReturnValue:
    """Answer a comment, or write about the whole quote; the customer reads it on their page."""
    written, reply = answered.attempt(lambda: comments.answer(actor(), quote_id, request.form), lambda: REPLY)
    if written is None:
        return page(editing.get(quote_id), reply.status, reply=reply)
    return redirect(url_for("quotes.show", quote_id=quote_id, _anchor=f"said-{written.id}"), 303)


@quotes.post("/<int:quote_id>/shares/<int:share_id>/end")
@login_required
def end_share(quote_id: int, share_id: int) -> ResponseReturnValue:
    """Turn a colleague's link off, after asking."""
    editing.get(quote_id)
    asked = ask("Turn this colleague's link off? It stops working at once.", "Turn off")
    if asked is not None:
        return asked
    share = sharing.end(actor(), quote_id, share_id)
    return back_to("quotes.show", f"The link for {share.name} is off.", quote_id=quote_id)
