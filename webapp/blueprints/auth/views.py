"""The sign-in, sign-out and set-up pages."""

from __future__ import annotations

from contextlib import suppress

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.blueprints.auth import auth
from webapp.blueprints.auth.forms import ForgotForm, JoinForm, LoginForm, SetupForm
from webapp.blueprints.auth.second_step import PasskeyForm, go_on
from webapp.blueprints.auth.session import LEAVING, device, enter, leave_to, local
from webapp.blueprints.support import actor, runtime, submit
from webapp.extensions import limiter
from webapp.models import User
from webapp.services.accounts import (
    account_links,
    first_account,
    forgotten,
    local_sign_in,
    sessions,
    users,
)
from webapp.services.accounts.guessing import TooMany
from webapp.services.accounts.local_sign_in import PasswordsOff
from webapp.services.accounts.sessions import Entered
from webapp.services.accounts.sso import ending
from webapp.services.accounts.sso import settings as sso_settings
from webapp.services.accounts.two_step import passkeys
from webapp.services.company import mail_server
from webapp.services.core import work
from webapp.services.core.errors import Conflict, NotFound


@auth.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Sign in."""
    if request.method == "GET" and not users.any_user():
        return redirect(url_for("auth.setup"), 303)
    if current_user.is_authenticated:
        return redirect(url_for("home.dashboard"), 303)
    form = LoginForm()
    if not form.validate_on_submit():
        return _login_page(form), 422 if form.is_submitted() else 200
    keep = bool(form.remember.data)
    try:
        entered = sessions.sign_in(form.email.data or "", form.password.data or "", device(keep=keep))
    except TooMany as error:
        form.form_errors.append(str(error))
        return _login_page(form), 429
    except PasswordsOff as error:
        # Without a provider the page says so itself.
        form.form_errors += [str(error)] if sso_settings.offered(runtime()) else []
        return _login_page(form), 403
    if entered is None:
        form.form_errors.append("Incorrect email or password.")
        return _login_page(form), 422
    return go_on(entered, keep=keep)


@auth.route("/login/forgot", methods=["GET", "POST"])
def forgot() -> ResponseReturnValue:
    """Ask for a link by mail. The answer is the same for every email."""
    form, by_mail = ForgotForm(), mail_server.is_configured(runtime())
    sent, status = False, 422 if form.is_submitted() else 200
    if by_mail and form.validate_on_submit():
        try:
            forgotten.ask(form.email.data or "", device(keep=False).address)
            sent, status = True, 200
        except TooMany as error:
            form.form_errors.append(str(error))
            status = 429
    minutes = forgotten.LASTS.seconds // 60
    page = render_template("auth/forgot.html", form=form, by_mail=by_mail, sent=sent, minutes=minutes)
    return page, status


@auth.post("/logout")
def logout() -> ResponseReturnValue:
    """Sign out: the session ends, also where its cookie was copied to."""
    was_sso = current_user.is_authenticated and current_user.by_sso
    token = ""
    if current_user.is_authenticated:
        token = ending.begin_leaving(current_user.session_id)
        with suppress(NotFound):  # signed out in another tab at the same moment
            sessions.leave(actor(), current_user.session_id)
    answer = leave_to(url_for("auth.login", left=1 if was_sso else None))
    if token:
        session[LEAVING] = token
    return answer


@auth.route("/setup", methods=["GET", "POST"])
def setup() -> ResponseReturnValue:
    """Create the first admin with the operator's token. Not available once there is an account."""
    if users.any_user():
        return redirect(url_for("auth.login"), 303)
    form = SetupForm()
    try:
        token, status = submit(form, lambda: _create_first(form))
    except Conflict as error:
        flash(str(error), "error")
        return redirect(url_for("auth.login"), 303)
    if token is None:
        return render_template("auth/setup.html", form=form), status
    enter(token, keep=False)
    return redirect(url_for("home.dashboard"), 303)


@auth.route("/join/<token>", methods=["GET", "POST"])
@limiter.limit("20/minute")
def join(token: str) -> ResponseReturnValue:
    """Choose a password with the link of an invitation or a reset, and sign in."""
    try:
        user, form = account_links.person(token), JoinForm()
        local_sign_in.require(user)
        entered, status = submit(form, lambda: _choose_password(user, token, form.password.data or ""))
    except PasswordsOff as error:
        local_sign_in.note_refusal(error)
        raise
    except NotFound:  # used at the same moment, too
        account_links.note_refusal(token, request.remote_addr or "")
        raise
    if entered is None:
        return render_template("auth/join.html", form=form, user=user), status
    return go_on(entered, keep=False)


def _create_first(form: SetupForm) -> str:
    with work.unit():
        user = first_account.create(
            token=form.token.data or "",
            email=form.email.data or "",
            name=form.name.data or "",
            password=form.password.data or "",
            time_zone=form.time_zone.data or "",
            company=form.company.data or "",
            address=form.address.data or "",
        )
        return sessions.start(user, device(keep=False))


def _choose_password(user: User, token: str, password: str) -> Entered:
    with work.unit():
        account_links.use(token, password)
        return sessions.enter(user, device(keep=False))


def _login_page(form: LoginForm) -> str:
    return render_template(
        "auth/login.html",
        form=form,
        passkey_form=PasskeyForm() if passkeys.site(runtime().config) else None,
        provider=sso_settings.offered(runtime()),
        passwords=sso_settings.stored().allows_passwords,
        next=local(request.args.get("next", "")),
        left="left" in request.args,
    )
