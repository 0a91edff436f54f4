"""The push of one quote: its state on the quote's page, its questions, and pushing it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints import answered
from webapp.blueprints.activity import activity
from webapp.blueprints.quotes.fixes import fix_for
from webapp.blueprints.support import actor, is_htmx, may, require, runtime
from webapp.models import Quote
from webapp.services.accounts.permissions import Permission
from webapp.services.autotask.activity import answers, panel, repush
from webapp.services.core.fields import parse_id
from webapp.services.quoting.draft import editing

COMING = "This quote is already waiting to sync."
ANSWERED = "Answer saved. The sync resumes."


@activity.get("/quotes/<int:quote_id>")
@login_required
def quote_panel(quote_id: int) -> ResponseReturnValue:
    """The state of the newest push; htmx polls it and gets 204 while nothing has changed."""
    quote = editing.get(quote_id)
    current = panel.of_quote(runtime(), quote, actor())
    if is_htmx() and request.args.get("seen") == current.mark:
        return "", 204
    response = make_response(_render(quote, current))
    if is_htmx() and "seen" in request.args and current.state.settled:
        response.headers["HX-Trigger"] = "push-ended"  # other parts of the page may be outdated now
    return response


@activity.post("/quotes/<int:quote_id>/push")
@login_required
def push_again(quote_id: int) -> ResponseReturnValue:
    """Push the newest revision again."""
    quote = editing.get(quote_id)
    require(Permission.SYNC, quote)
    result = repush.push_again(actor(), quote, "again")
    return _panel_or_page(quote_id, "" if result.is_new else COMING)


@activity.post("/quotes/<int:quote_id>/answers")
@login_required
def answer(quote_id: int) -> ResponseReturnValue:
    """Store the picks, then let the push resume."""
    quote = editing.get(quote_id)
    require(Permission.SYNC, quote)
    _, form = answered.attempt(
        lambda: answers.answer(actor(), quote_id, _picks(request.form)), lambda: _questions(quote_id)
    )
    if form.is_refused:
        # Errors stand at their questions.
        sentence = "" if form.errors else form.sentence
        current = panel.of_quote(runtime(), quote, actor())
        return _render(quote, current, form.status, answered=form, sentence=sentence)
    return _panel_or_page(quote_id, ANSWERED)


def _questions(quote_id: int) -> dict[str, str]:
    """The open questions as controls; nothing is picked beforehand."""
    return {f"question-{question.id}": "" for question in answers.open_questions(quote_id)}


def _picks(form: Mapping[str, str]) -> dict[int, int]:
    """The picks by question; values that aren't numbers are left out."""
    picks = {}
    for name, value in form.items():
        question = parse_id(name.removeprefix("question-")) if name.startswith("question-") else None
        if question is not None and value.isascii() and value.isdigit() and len(value) <= 18:
            picks[question] = int(value)
    return picks


def _panel_or_page(quote_id: int, sentence: str) -> ResponseReturnValue:
    """After a change: the panel for htmx, otherwise back to its page."""
    if is_htmx():
        quote = editing.get(quote_id)
        return _render(quote, panel.of_quote(runtime(), quote, actor()), sentence=sentence)
    if sentence:
        flash(sentence, "success")
    return redirect(url_for("activity.quote_panel", quote_id=quote_id), 303)


def _open_page() -> str:
    """The path of the page that the htmx request comes from."""
    try:
        return urlsplit(request.headers.get("HX-Current-URL", "")).path
    except ValueError:
        return ""


def _render(quote: Quote, current: panel.Panel, status: int = 200, **more: Any) -> ResponseReturnValue:
    template = "activity/_panel.html" if is_htmx() else "activity/quote.html"
    body = render_template(
        template,
        quote=quote,
        panel=current,
        may_act=may(Permission.SYNC, quote),
        on_quote=is_htmx() and _open_page() == url_for("quotes.show", quote_id=quote.id),
        fix_for=lambda problem: fix_for(problem, quote),
        **{"answered": answered.opened("", _questions(quote.id)), **more},
    )
    return make_response(body, status)
