"""The sign-in, sign-out and set-up pages."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.blueprints.auth import auth
from webapp.blueprints.auth.forms import JoinForm, LoginForm, SetupForm
from webapp.blueprints.auth.session import device, enter, leave, remember_device
from webapp.blueprints.support import actor, show_errors
from webapp.extensions import limiter
from webapp.services.accounts import account_links, first_account, sessions, users
from webapp.services.accounts.guessing import TooMany
from webapp.services.core import work
from webapp.services.core.errors import Conflict, Invalid, NotFound


@auth.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Sign in."""
    if not users.any_user():
        return redirect(url_for("auth.setup"), 303)
    if current_user.is_authenticated:
        return redirect(url_for("home.dashboard"), 303)
    form = LoginForm()
    if not form.validate_on_submit():
        return render_template("auth/login.html", form=form), 422 if form.is_submitted() else 200
    keep = bool(form.remember.data)
    try:
        entered = sessions.sign_in(form.email.data or "", form.password.data or "", device(keep=keep))
    except TooMany as error:
        form.form_errors.append(str(error))
        return render_template("auth/login.html", form=form), 429
    if entered is None:
        form.form_errors.append("Incorrect email or password.")
        return render_template("auth/login.html", form=form), 422
    _, token, known = entered
    enter(token, keep=keep)
    answer = redirect(_local(request.args.get("next", "")) or url_for("home.dashboard"), 303)
    return remember_device(answer, known)


@auth.post("/logout")
def logout() -> ResponseReturnValue:
    """Sign out: the session ends, also where its cookie was copied to."""
    if current_user.is_authenticated:
        with suppress(NotFound):  # signed out in another tab at the same moment
            sessions.end(actor(), current_user.session_id)
    leave()
    return redirect(url_for("auth.login"), 303)


@auth.route("/setup", methods=["GET", "POST"])
def setup() -> ResponseReturnValue:
    """Create the first admin with the operator's token. Not available once there is an account."""
    if users.any_user():
        return redirect(url_for("auth.login"), 303)
    form = SetupForm()
    if form.validate_on_submit():
        try:
            with work.unit():
                user = first_account.create(
                    token=form.token.data or "",
                    email=form.email.data or "",
                    name=form.name.data or "",
                    password=form.password.data or "",
                    time_zone=form.time_zone.data or "",
                )
                token = sessions.start(user, device(keep=False))
        except Conflict as error:
            flash(str(error), "error")
            return redirect(url_for("auth.login"), 303)
        except Invalid as error:
            show_errors(form, error)
        else:
            enter(token, keep=False)
            return redirect(url_for("home.dashboard"), 303)
    return render_template("auth/setup.html", form=form), 422 if form.is_submitted() else 200


@auth.route("/join/<token>", methods=["GET", "POST"])
@limiter.limit("20/minute")
def join(token: str) -> ResponseReturnValue:
    """Choose a password with the link of an invitation or a reset, and sign in."""
    user, form = account_links.person(token), JoinForm()
    if form.validate_on_submit():
        try:
            with work.unit():
                account_links.use(token, form.password.data or "")
                started = sessions.start(user, device(keep=False))
        except Invalid as error:
            show_errors(form, error)
        else:
            enter(started, keep=False)
            return redirect(url_for("home.dashboard"), 303)
    return render_template("auth/join.html", form=form, user=user), 422 if form.is_submitted() else 200


def _local(target: str) -> str:
    """``target`` if it is one of our paths, else empty, so that a link can't lead elsewhere after sign-in."""
    parts = urlsplit(target)
    safe = (
        not parts.scheme
        and not parts.netloc
        and target.startswith("/")
        and not target.startswith(("//", "/\\"))
    )
    return target if safe else ""
