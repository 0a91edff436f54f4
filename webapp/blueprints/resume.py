"""Keep a form that was sent after its session ended, so that nothing typed is lost.

The response is a page that holds the form and can send it again. It is offered only for forms from our own pages
(checked with the browser's Origin header), so that another site can't hand someone a prepared form.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from webapp.blueprints import kept

ENDED = (
    "Your session ended, so nothing was saved. Your entries are still here: sign in again in a second tab, then come "
    "back and save."
)
OUTDATED = "This page was open too long, so nothing was saved. Your entries are still here: save again."


def can_resume() -> bool:
    """Whether the form can be kept on a page: it came from our pages and holds no secret."""
    origin = request.headers.get("Origin") or request.headers.get("Referer", "")
    ours = bool(origin) and urlsplit(origin).netloc == request.host
    return request.method == "POST" and ours and not kept.SECRETS & set(request.form)


def page(*, sign_in: bool) -> ResponseReturnValue:
    """The page that holds the form. ``sign_in``: the user has to sign in before sending it again."""
    values = [(name, value) for name, value in kept.values() if len(name) <= 200]
    readable = [(name.replace("_", " "), value) for name, value in values if len(value) >= 40]
    body = render_template(
        "errors/resume.html", values=values, readable=readable, target=kept.target(), sign_in=sign_in
    )
    return body, 401 if sign_in else 400


def partial(*, sign_in: bool) -> ResponseReturnValue:
    """The same for htmx: the form is still on the screen and gets a valid token (see app.js)."""
    sentence = ENDED if sign_in else OUTDATED
    body = render_template("errors/_alert.html", sentence=sentence, sign_in=sign_in)
    answer = make_response(body, 401 if sign_in else 400)
    answer.headers["X-CSRFToken"] = generate_csrf()
    return answer


def needs_sign_in() -> bool:
    """Whether the requested page needs an account and no one is signed in."""
    return request.blueprint not in ("public", "auth") and not current_user.is_authenticated
