"""A code by mail, which proves the signer's email before they sign."""

from __future__ import annotations

from flask import request, session
from flask.typing import ResponseReturnValue

from webapp.blueprints.public import public
from webapp.blueprints.public.views import page, refused
from webapp.blueprints.support import runtime
from webapp.extensions import limiter
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.quoting.answer import codes, opened


@public.post("/<token>/code")
@limiter.limit("10/minute")
def send_code(token: str) -> ResponseReturnValue:
    """Mail a code. What was chosen stays on the page."""
    try:
        codes.ask(runtime(), token, request.form)
    except (Invalid, Conflict) as error:
        return refused(token, error, "accept")
    return _page(token)


@public.post("/<token>/confirm")
@limiter.limit("20/minute")
def confirm_code(token: str) -> ResponseReturnValue:
    """Enter the code."""
    try:
        codes.confirm(token, request.form, session.get("sid", ""))
    except (Invalid, Conflict) as error:
        return refused(token, error, "accept")
    return _page(token)


def _page(token: str) -> str:
    return page(opened.by_token(token), values=request.form, errors={}, refused="accept", sentence="")
