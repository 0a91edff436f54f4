"""Ask for the password again before accounts, credentials or integrations change.

The page that asks holds what was sent, but for its secrets and files, and sends it again together with the password.
htmx puts it in the place of the form. A form with secrets asks before it is shown (``confirmed_first``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.blueprints import kept
from webapp.blueprints.auth.session import device
from webapp.blueprints.support import actor, is_htmx
from webapp.services.accounts import sessions
from webapp.services.accounts.guessing import TooMany

P = ParamSpec("P")
R = TypeVar("R")

WRONG = "This isn't your password."


def confirmed(view: Callable[P, R]) -> Callable[P, R]:
    """Let a form through only from a session whose person gave the password a short time ago."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
        asked = _asked() if request.method == "POST" else None
        return view(*args, **kwargs) if asked is None else asked

    return cast(Callable[P, R], guarded)


def confirmed_first(view: Callable[P, R]) -> Callable[P, R]:
    """The same, asked before the form is shown: nobody has to type its secrets twice."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
        asked = _asked()
        if asked is None and kept.ONLY in request.form:
            return redirect(kept.target(), 303)
        return view(*args, **kwargs) if asked is None else asked

    return cast(Callable[P, R], guarded)


def _asked() -> ResponseReturnValue | None:
    """The page that asks; None when the password was given."""
    typed = request.form.get(kept.PASSWORD)
    if sessions.is_confirmed(current_user.session_id):
        return None
    try:
        if typed and sessions.confirm(actor(), current_user.session_id, typed, device(keep=False)):
            return None
    except TooMany as error:
        return _page(str(error))
    return _page(WRONG if typed is not None else "")


def _page(error: str) -> ResponseReturnValue:
    only = request.method != "POST" or kept.ONLY in request.form
    name = "_confirm_password" if is_htmx() else "confirm_password"
    page = render_template(
        f"errors/{name}.html",
        target=kept.target(),
        values=[(kept.ONLY, "y")] if only else kept.values(),
        error=error,
        only=only,
        lost=kept.has_secrets(),
        lost_file=kept.has_files(),
        by_htmx=is_htmx(),
    )
    return page, 422
