"""Ask for the password again before accounts, credentials or integrations change.

The page that asks holds what was sent, and sends it again together with the password. htmx puts it in the place of the
form.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.blueprints.auth.session import device
from webapp.blueprints.support import actor, is_htmx
from webapp.services.accounts import sessions
from webapp.services.accounts.guessing import TooMany

P = ParamSpec("P")
R = TypeVar("R")

FIELD = "confirm_password"
OURS = {FIELD, "csrf_token"}
WRONG = "This isn't your password."


def confirmed(view: Callable[P, R]) -> Callable[P, R]:
    """Let a form through only from a session whose person gave the password a short time ago."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
        if request.method != "POST":
            return view(*args, **kwargs)
        typed = request.form.get(FIELD)
        if sessions.is_confirmed(current_user.session_id):
            return view(*args, **kwargs)
        try:
            if typed and sessions.confirm(actor(), current_user.session_id, typed, device(keep=False)):
                return view(*args, **kwargs)
        except TooMany as error:
            return _ask(str(error))
        return _ask(WRONG if typed is not None else "")

    return cast(Callable[P, R], guarded)


def _ask(error: str) -> ResponseReturnValue:
    page = {
        "target": request.full_path if request.query_string else request.path,
        "values": [(name, value) for name, value in request.form.items(multi=True) if name not in OURS],
        "error": error,
    }
    name = "_confirm_password" if is_htmx() else "confirm_password"
    return render_template(f"errors/{name}.html", **page), 422
