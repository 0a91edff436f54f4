"""Preview what a push would change in Autotask, without writing anything."""

from __future__ import annotations

from collections import Counter

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.quotes import quotes
from webapp.blueprints.quotes.fixes import fix_for
from webapp.blueprints.support import actor, is_htmx, runtime
from webapp.models import db
from webapp.services.autotask.activity import answers
from webapp.services.autotask.drift import check as drift_check
from webapp.services.autotask.preview import plan_only
from webapp.services.core.errors import ServiceError
from webapp.services.quoting.draft import editing


@quotes.get("/<int:quote_id>/autotask/preview")
@login_required
def push_preview(quote_id: int) -> ResponseReturnValue:
    """The steps with values before and after, or why there are none. On the quote's page or on its own page."""
    quote = editing.get(quote_id)
    result, sentence = None, ""
    try:
        result = plan_only.of_quote(runtime(), quote, actor())
    except ServiceError as error:
        db.session.rollback()
        sentence = str(error)
    steps = plan_only.in_words(runtime(), result.plan) if result else []
    template = "quotes/_push_preview.html" if is_htmx() else "quotes/push_preview.html"
    return render_template(
        template,
        quote=editing.get(quote_id),
        preview=result,
        steps=steps,
        counts=Counter(step.action for step in steps),
        on_quote=is_htmx() and request.args.get("on") == "quote",
        drifted=drift_check.open_count(quote_id),
        waits_for_answer=bool(result and result.plan.questions and answers.open_questions(quote_id)),
        sentence=sentence,
        fix_for=lambda problem: fix_for(problem, quote),
    )
