"""Your account > Two-step sign-in: an authenticator app, passkeys and recovery codes of one's own."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from webapp.blueprints.account import account
from webapp.blueprints.account.forms import TurnOffForm
from webapp.blueprints.auth.forms import AppForm, NewPasskeyForm
from webapp.blueprints.auth.second_step import answer, question, site
from webapp.blueprints.auth.session import device, enter
from webapp.blueprints.confirming import confirmed, confirmed_first
from webapp.blueprints.support import actor, ask, back_to, runtime, submit
from webapp.extensions import limiter
from webapp.services.accounts import second_step, sessions
from webapp.services.accounts.two_step import authenticator, changing, factors, passkeys, qr, recovery_codes

ENDED = "You're signed out on every other device."


@account.route("/two-step/app", methods=["GET", "POST"])
@login_required
@confirmed_first
def app() -> ResponseReturnValue:
    """Set up an authenticator app, or another one in its place."""
    form, keep = AppForm(), current_user.kept
    typed = form.offer.data or "", form.one_time_code.data or ""
    added, status = submit(
        form, lambda: second_step.add_app(actor(), *typed, device(keep=keep), runtime().vault)
    )
    if added is not None:
        return _added(*added, f"Authenticator app added. {ENDED}")
    offer = authenticator.offer(actor(), runtime().vault, form.offer.data or "")
    page = render_template("account/app.html", form=form, offer=offer, qr=qr.svg(offer.uri))
    return page, status


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
    name, keep = form.name.data or "", current_user.kept
    added, status = submit(
        form, lambda: second_step.add_passkey(actor(), answer(form), name, device(keep=keep))
    )
    if added is not None:
        return _added(*added, f"Passkey added. {ENDED}")
    return render_template("account/new_passkey.html", form=form, host=where.rp_id), status


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
    form, keep = TurnOffForm(), current_user.kept
    if not factors.has(actor()):
        return redirect(url_for("account.show"), 303)
    current = form.current.data or ""
    token, status = submit(form, lambda: sessions.turn_off_two_step(actor(), current, device(keep=keep)))
    if token is None:
        page = render_template("account/turn_off.html", form=form, allowed=changing.may_turn_off(actor()))
        return page, status
    enter(token, keep=keep)
    return back_to("account.show", f"Two-step sign-in is off. {ENDED}")


def _added(token: str, codes: list[str], message: str) -> ResponseReturnValue:
    enter(token, keep=current_user.kept)
    return _codes(codes) if codes else back_to("account.show", message)


def _codes(codes: list[str]) -> str:
    return render_template("account/recovery_codes.html", codes=codes, onward=url_for("account.show"))
