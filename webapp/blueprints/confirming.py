"""Ask for the password again before accounts, credentials or integrations change.

In its place a passkey is good, and a sign-in at the provider just now: for those who have no password here, too.

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
from webapp.blueprints.auth.second_step import answered
from webapp.blueprints.auth.session import device
from webapp.blueprints.support import actor, is_htmx, runtime
from webapp.services.accounts import second_step, sessions
from webapp.services.accounts.guessing import TooMany
from webapp.services.accounts.sso import settings as sso_settings
from webapp.services.accounts.two_step import factors, passkeys
from webapp.services.core.errors import Invalid, NotFound

P = ParamSpec("P")
R = TypeVar("R")

WRONG = "This isn't your password."
NOT_YET = "You haven't confirmed it yet. Do that first, then continue."


def confirmed(view: Callable[P, R]) -> Callable[P, R]:
    """Let a form through only from a session whose person proved who they are a short time ago."""

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
    """The page that asks; None when the person proved who they are."""
    if sessions.is_confirmed(current_user.session_id):
        return None
    try:
        error = _wrong_with(request.form.get(kept.PASSWORD), request.form.get(kept.PASSKEY))
    except (TooMany, Invalid, NotFound) as refused:
        error = str(refused)
    return None if error is None else _page(error)


def _wrong_with(password: str | None, passkey: str | None) -> str | None:
    """What is wrong with what was sent: empty where nothing was, None where nothing is."""
    if passkey:
        second_step.confirm(actor(), current_user.session_id, answered(passkey), device(keep=False))
        return None
    if not actor().has_password:
        return "" if password is None else NOT_YET
    if password and sessions.confirm(actor(), current_user.session_id, password, device(keep=False)):
        return None
    return "" if password is None else WRONG


def _page(error: str) -> ResponseReturnValue:
    only = request.method != "POST" or kept.ONLY in request.form
    name = "_confirm_password" if is_htmx() else "confirm_password"
    can_use_passkey = passkeys.site(runtime().config) and factors.of_user(actor()).passkeys
    page = render_template(
        f"errors/{name}.html",
        target=kept.target(),
        values=[(kept.ONLY, "y")] if only else kept.values(),
        error=error,
        only=only,
        lost=kept.has_secrets(),
        lost_file=kept.has_files(),
        by_htmx=is_htmx(),
        has_password=actor().has_password,
        has_passkey=bool(can_use_passkey),
        provider=sso_settings.offered(runtime()) if current_user.by_sso or not actor().has_password else "",
    )
    return page, 422
