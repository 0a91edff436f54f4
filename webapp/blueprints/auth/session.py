"""Flask-Login's view of our users and sessions."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from flask import current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response

from webapp.blueprints import resume
from webapp.blueprints.support import is_htmx, runtime
from webapp.extensions import login_manager
from webapp.models import User
from webapp.services.accounts import guessing, sessions, users
from webapp.services.accounts.sessions import Device
from webapp.services.accounts.two_step import trusted

# In the browser's cookie: the token of who signed out, for the way out of the provider.
LEAVING = "leaving"


class SignedIn(UserMixin):
    """Flask-Login's view of an account; everything else is in ``user``."""

    def __init__(self, user: User, token: str, session_id: int, *, kept: bool, by_sso: bool) -> None:
        self.user = user
        self.token = token
        self.session_id = session_id
        self.kept = kept
        self.by_sso = by_sso

    def get_id(self) -> str:
        """What the cookie holds: the token of the session."""
        return self.token


@login_manager.user_loader
def load(token: str) -> SignedIn | None:
    """The signed-in user, or None."""
    row = sessions.find(token)
    return (
        SignedIn(row.user, token, row.id, kept=row.is_kept, by_sso=row.renew_by is not None) if row else None
    )


def device(*, keep: bool) -> Device:
    """The browser that sent the request. ``keep``: the person wants to stay signed in."""
    return Device(
        request.remote_addr or "",
        request.user_agent.string,
        keep,
        request.cookies.get(device_cookie(), ""),
        current_user.session_id if current_user.is_authenticated else 0,
        trusted.read(request.cookies.get(trust_cookie(), ""), runtime().vault),
    )


def device_cookie() -> str:
    """The name of the cookie of a browser in which someone signed in before."""
    return "__Host-device" if current_app.config["SESSION_COOKIE_SECURE"] else "device"


def trust_cookie() -> str:
    """The name of the cookie of a browser that isn't asked for the second step."""
    return "__Host-trusted" if current_app.config["SESSION_COOKIE_SECURE"] else "trusted"


def remember_device(answer: Response, token: str) -> Response:
    """Let the browser be known when it signs in again."""
    return _keep(answer, device_cookie(), token, guessing.DEVICE_KEPT)


def trust_device(answer: Response, value: str) -> Response:
    """Don't ask for the second step in this browser for a while."""
    return _keep(answer, trust_cookie(), value, trusted.LASTS)


def _keep(answer: Response, name: str, value: str, lasts: timedelta) -> Response:
    answer.set_cookie(
        name,
        value,
        max_age=lasts,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return answer


def enter(token: str, *, keep: bool) -> None:
    """Give the browser the cookie of a new session. It goes when the browser is closed, or with ``keep`` later."""
    entered = load(token)
    if entered is not None:  # its password wasn't changed at the same moment
        session.permanent = keep
        login_user(entered)


def leave() -> None:
    """Take the session out of the browser's cookie."""
    session.permanent = False
    logout_user()


def leave_to(address: str) -> Response:
    """Leave, and go to ``address``. What the browser kept of unsaved edits is for nobody else at this machine."""
    leave()
    answer = redirect(address, 303)
    answer.headers["Clear-Site-Data"] = '"storage"'
    return answer


@login_manager.unauthorized_handler
def ask_to_sign_in() -> ResponseReturnValue:
    """Redirect to the sign-in page and back. htmx requests get an alert; posted forms are kept on a page."""
    if is_htmx():
        return resume.partial(sign_in=True)
    if resume.can_resume():
        return resume.page(sign_in=True)
    if request.method != "GET":
        flash(
            "Your session ended, so nothing was saved. Sign in and send the form again.",
            "error",
        )
        return redirect(url_for("auth.login"), 303)
    if not users.any_user():
        return redirect(url_for("auth.setup"), 303)
    target = request.full_path if request.query_string else request.path
    return redirect(url_for("auth.login", next=target if target != "/" else None), 303)


def local(target: str) -> str:
    """``target`` if it is one of our paths, else empty, so that a link can't lead elsewhere after sign-in."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return ""
    safe = (
        target.isprintable()
        and not parts.scheme
        and not parts.netloc
        and target.startswith("/")
        and not target.startswith(("//", "/\\"))
    )
    return target if safe else ""
