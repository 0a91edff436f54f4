"""The way to the sign-in provider and back. Links, not forms: the content policy lets no form lead elsewhere."""

from __future__ import annotations

import secrets

from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from werkzeug.wrappers import Response

from webapp.blueprints.auth import auth
from webapp.blueprints.auth.session import LEAVING, device, enter, local
from webapp.blueprints.support import runtime
from webapp.extensions import csrf, limiter
from webapp.services.accounts.sso import ending, flow, sign_in
from webapp.services.accounts.sso.provider_http import Unavailable
from webapp.services.core.errors import ServiceError

LIMIT = "30/minute"
NO_STORE = {"Cache-Control": "no-store"}


@auth.get("/sso/start")
@limiter.limit(LIMIT)
def sso_start() -> ResponseReturnValue:
    """Send the browser to the provider."""
    if current_user.is_authenticated:
        return redirect(local(request.args.get("next", "")) or url_for("home.dashboard"), 303)
    return _start(local(request.args.get("next", "")))


@auth.get("/sso/confirm")
@login_required
@limiter.limit(LIMIT)
def sso_confirm() -> ResponseReturnValue:
    """Have the provider ask who it is again, before accounts or credentials change."""
    return _start("", confirms=current_user.session_id)


@auth.get("/sso/callback")
@limiter.limit(LIMIT)
def sso_callback() -> ResponseReturnValue:
    """Where the provider sends the browser."""
    asked = {name: request.args.get(name, "")[:4000] for name in ("state", "code", "error", "iss")}
    arrival = flow.Arrival(
        asked["state"], request.cookies.get(_cookie(), ""), asked["code"], asked["error"], asked["iss"]
    )
    try:
        proof, token = sign_in.arrive(runtime(), arrival, device(keep=False))
    except ServiceError as error:
        return _refused(error)
    if proof.confirms is not None:
        return render_template("auth/confirmed.html")
    enter(token, keep=False)
    return redirect(local(proof.next_path) or url_for("home.dashboard"), 303)


@auth.get("/sso/end")
@limiter.limit(LIMIT)
def sso_end() -> ResponseReturnValue:
    """Send the browser to where the provider's own session is ended."""
    try:
        address = ending.address(runtime(), session.pop(LEAVING, ""))
    except ServiceError as error:
        return _refused(error)
    if not address:
        flash("You're signed out here. The provider has no page for signing out; do it there.", "warning")
    return redirect(address or url_for("auth.login"), 303)


@auth.post("/sso/backchannel-logout")
@csrf.exempt
@limiter.limit("60/minute")
def sso_backchannel() -> ResponseReturnValue:
    """The provider says that someone signed out there."""
    try:
        ending.by_token(runtime(), request.form.get("logout_token", ""))
    except ServiceError as error:
        return _not_ended(error, 400)
    return "", 200, NO_STORE


@auth.get("/sso/frontchannel-logout")
@limiter.limit("60/minute")
def sso_frontchannel() -> ResponseReturnValue:
    """The same, by an address that its page has the person's browser open. No cookie need come along."""
    try:
        ending.by_browser(runtime(), request.args.get("iss", "")[:500], request.args.get("sid", "")[:255])
    except ServiceError as error:
        return _not_ended(error, 403)
    return "", 200, NO_STORE


def _not_ended(error: ServiceError, status: int) -> ResponseReturnValue:
    sign_in.note_refusal(error, request.remote_addr or "", in_diary=False)
    return {"error": "invalid_request"}, status, NO_STORE


def _start(next_path: str, confirms: int | None = None) -> ResponseReturnValue:
    browser = request.cookies.get(_cookie(), "") or secrets.token_urlsafe(32)
    try:
        address = flow.start(runtime(), browser, next_path, confirms=confirms)
    except ServiceError as error:
        sign_in.note_refusal(error, request.remote_addr or "", in_diary=False)
        return _refused(error)
    return _with_cookie(redirect(address, 303), browser)


def _refused(error: ServiceError) -> ResponseReturnValue:
    sentence = str(error)
    if isinstance(error, Unavailable):
        sentence = f"The sign-in provider can't be used right now. {sentence} Try again in a few minutes."
    return render_template("auth/refused.html", sentence=sentence), 403


def _cookie() -> str:
    return "__Host-sso" if current_app.config["SESSION_COOKIE_SECURE"] else "sso"


def _with_cookie(answer: Response, browser: str) -> Response:
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    answer.set_cookie(
        _cookie(), browser, max_age=2 * flow.GOOD_FOR, secure=secure, httponly=True, samesite="Lax"
    )
    return answer
