"""A form that came after its session had ended: nothing is saved, and nothing that was typed is lost.

The answer is a page that holds what was typed and sends it once more. It is offered only for a form that came from our
own pages (the browser's Origin says so), so that nobody can slip a form of theirs into somebody's hands.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

SECRETS = {"password", "secret"}
ENDED = (
    "Your session ended, so nothing was saved. What you typed is still here: sign in again in a second tab, then come "
    "back and save once more."
)
OUTDATED = (
    "This page was open for too long, so nothing was saved. What you typed is still here: save once more."
)


def can_resume() -> bool:
    """Whether the form may be held on a page: it came from one of ours and carries no secret."""
    origin = request.headers.get("Origin") or request.headers.get("Referer", "")
    ours = bool(origin) and urlsplit(origin).netloc == request.host
    return request.method == "POST" and ours and not SECRETS & set(request.form)


def page(*, sign_in: bool) -> ResponseReturnValue:
    """The page that holds the form. ``sign_in``: somebody must sign in before it can be sent again."""
    values = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name != "csrf_token" and len(name) <= 200
    ]
    readable = [(name.replace("_", " "), value) for name, value in values if len(value) >= 40]
    target = request.full_path if request.query_string else request.path
    body = render_template(
        "errors/resume.html", values=values, readable=readable, target=target, sign_in=sign_in
    )
    return body, 401 if sign_in else 400


def partial(*, sign_in: bool) -> ResponseReturnValue:
    """The same for htmx: the form is still on the screen and gets a token that counts (see app.js)."""
    sentence = ENDED if sign_in else OUTDATED
    answer = make_response(render_template("errors/_alert.html", sentence=sentence), 401 if sign_in else 400)
    answer.headers["X-CSRFToken"] = generate_csrf()
    return answer


def needs_sign_in() -> bool:
    """Whether the address that was asked for is for people with an account, and nobody is signed in."""
    return request.blueprint not in ("public", "auth") and not current_user.is_authenticated
