"""Your account > Two-step sign-in: an authenticator app, passkeys and recovery codes of one's own."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from webapp.blueprints.account import account
from webapp.blueprints.account.forms import TurnOffForm
from webapp.blueprints.auth.forms import AppForm, NewPasskeyForm
from webapp.blueprints.auth.second_step import answer, question, site
from webapp.blueprints.auth.session import device, enter
from webapp.blueprints.confirming import confirmed, confirmed_first
from webapp.blueprints.support import actor, ask, back_to, runtime, show_errors
from webapp.extensions import limiter
from webapp.services.accounts import second_step, sessions
from webapp.services.accounts.two_step import authenticator, changing, factors, passkeys, qr, recovery_codes
from webapp.services.core.errors import Invalid

ENDED = "You're signed out on every other device."


@account.route("/two-step/app", methods=["GET", "POST"])
@login_required
@confirmed_first
def app() -> ResponseReturnValue:
    """Set up an authenticator app, or another one in its place."""
    form = AppForm()
    if form.validate_on_submit():
        try:
            token, codes = second_step.add_app(
                actor(),
                form.offer.data or "",
                form.one_time_code.data or "",
                device(keep=current_user.kept),
                runtime().vault,
            )
        except Invalid as error:
            show_errors(form, error)
        else:
            return _added(token, codes, f"Authenticator app added. {ENDED}")
    offer = authenticator.offer(actor(), runtime().vault, form.offer.data or "")
    page = render_template("account/app.html", form=form, offer=offer, qr=qr.svg(offer.uri))
    return page, 422 if form.is_submitted() else 200


@account.post("/two-step/app/remove")
@login_required
@confirmed
def remove_app() -> ResponseReturnValue:
    """Remove the authenticator app; a passkey stays."""
    asked = ask("Remove your authenticator app?", "Remove")
    if asked is not None:
        return asked
    enter(second_step.remove_app(actor(), device(keep=current_user.kept)), keep=current_user.kept)
    return back_to("account.show", f"Authenticator app removed. {ENDED}")


@account.route("/two-step/passkeys/new", methods=["GET", "POST"])
@login_required
@confirmed_first
def new_passkey() -> ResponseReturnValue:
    """Add a passkey."""
    where, form = site(), NewPasskeyForm()
    if request.method == "POST" and form.validate():
        try:
            token, codes = second_step.add_passkey(
                actor(), answer(form), form.name.data or "", device(keep=current_user.kept)
            )
        except Invalid as error:
            show_errors(form, error)
        else:
            return _added(token, codes, f"Passkey added. {ENDED}")
    page = render_template("account/new_passkey.html", form=form, host=where.rp_id)
    return page, 422 if form.is_submitted() else 200


@account.post("/two-step/passkeys/question")
@login_required
@confirmed
@limiter.limit("60/minute")
def passkey_question() -> ResponseReturnValue:
    """What the page's script asks the device for a new passkey."""
    return question(passkeys.ask_to_add(actor(), site()))


@account.post("/two-step/passkeys/<int:passkey_id>/remove")
@login_required
@confirmed
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    """Remove a passkey."""
    asked = ask(f"Remove the passkey {passkeys.of(actor(), passkey_id).name}?", "Remove")
    if asked is not None:
        return asked
    token = second_step.remove_passkey(actor(), passkey_id, device(keep=current_user.kept))
    enter(token, keep=current_user.kept)
    return back_to("account.show", f"Passkey removed. {ENDED}")


@account.post("/two-step/recovery-codes")
@login_required
@confirmed
def new_recovery_codes() -> ResponseReturnValue:
    """New recovery codes in place of the old ones, shown once."""
    return _codes(recovery_codes.renew(actor()))


@account.route("/two-step/off", methods=["GET", "POST"])
@login_required
def turn_off() -> ResponseReturnValue:
    """Turn two-step sign-in off, with the password."""
    form = TurnOffForm()
    if not factors.has(actor()):
        return redirect(url_for("account.show"), 303)
    if form.validate_on_submit():
        try:
            token = sessions.turn_off_two_step(
                actor(), form.current.data or "", device(keep=current_user.kept)
            )
        except Invalid as error:
            show_errors(form, error)
        else:
            enter(token, keep=current_user.kept)
            return back_to("account.show", f"Two-step sign-in is off. {ENDED}")
    page = render_template("account/turn_off.html", form=form, allowed=changing.may_turn_off(actor()))
    return page, 422 if form.is_submitted() else 200


def _added(token: str, codes: list[str], message: str) -> ResponseReturnValue:
    enter(token, keep=current_user.kept)
    return _codes(codes) if codes else back_to("account.show", message)


def _codes(codes: list[str]) -> str:
    return render_template("account/recovery_codes.html", codes=codes, onward=url_for("account.show"))
