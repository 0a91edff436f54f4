"""Flask-Login's view of our users and sessions."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import UserMixin

from webapp.blueprints import resume
from webapp.blueprints.support import is_htmx
from webapp.extensions import login_manager
from webapp.models import User
from webapp.services.accounts import users


class SignedIn(UserMixin):
    """Flask-Login's view of an account; everything else is in ``user``."""

    def __init__(self, user: User) -> None:
        self.user = user

    def get_id(self) -> str:
        """The session id, which changes when the account's sessions are ended."""
        return users.session_id_of(self.user)


@login_manager.user_loader
def load(session_id: str) -> SignedIn | None:
    """The signed-in user, or None."""
    user = users.load_session_user(session_id)
    return SignedIn(user) if user else None


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
