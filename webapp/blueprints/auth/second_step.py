"""The second step of the sign-in: a code or a passkey, setting it up where that is due, and the passkey alone."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from flask_wtf import FlaskForm

from webapp.blueprints.auth import auth
from webapp.blueprints.auth.forms import AppForm, NewPasskeyForm, PasskeyForm, SecondStepForm
from webapp.blueprints.auth.session import device, enter, local, remember_device, trust_device
from webapp.blueprints.support import actor, runtime, show_errors, submit
from webapp.extensions import limiter
from webapp.models import PendingSignIn
from webapp.services.accounts import second_step
from webapp.services.accounts.guessing import TooMany
from webapp.services.accounts.local_sign_in import PasswordsOff
from webapp.services.accounts.sessions import Entered
from webapp.services.accounts.two_step import authenticator, factors, passkeys, policy, qr, trusted
from webapp.services.accounts.two_step.half_way import Ended
from webapp.services.accounts.two_step.passkeys import Answer, Question, Site
from webapp.services.core.errors import Invalid, NotFound, ServiceError

# In the browser's cookie: the tokens of a sign-in that waits for the second step, and of a passkey's challenge.
HALF, CHALLENGE = "half_way", "challenge"
NO_PASSKEY = "You have no passkey. Add one under Your account."
NO_PASSKEYS = "Passkeys don't work at this address. They need https and a name, set as PUBLIC_BASE_URL."


def go_on(entered: Entered, *, keep: bool) -> ResponseReturnValue:
    """After the first step: to where the person wanted to go, or to the second step and then there."""
    wanted = local(request.args.get("next", ""))
    if not entered.half:
        return _arrive(entered, wanted, keep=keep)
    session[HALF] = entered.half
    page = "auth.code" if factors.has(entered.user) else "auth.set_up"
    return redirect(url_for(page, next=wanted or None), 303)


def question(asked: Question) -> ResponseReturnValue:
    """What the page's script asks the passkey; the browser gets the token of the challenge."""
    session[CHALLENGE] = asked.token
    return asked.options, 200, {"Content-Type": "application/json", "Cache-Control": "no-store"}


def answer(form: PasskeyForm) -> Answer:
    """What the passkey answered. The challenge leaves the browser."""
    return answered(form.passkey.data or "")


def answered(text: str) -> Answer:
    """The same, where the answer is a field of another form."""
    return Answer(session.pop(CHALLENGE, ""), text, site())


def site() -> Site:
    """Where passkeys work. Raises NotFound with a sentence when they don't."""
    found = passkeys.site(runtime().config)
    if found is None:
        raise NotFound(NO_PASSKEYS)
    return found


@auth.route("/login/code", methods=["GET", "POST"])
def code() -> ResponseReturnValue:
    """The second step, with a code of the app or a recovery code."""
    try:
        pending, form = second_step.waiting(_half()), SecondStepForm()
        if not form.validate_on_submit():
            return _code_page(pending, form), 422 if form.is_submitted() else 200
        had = factors.of_user(pending.user).codes
        keep = pending.is_kept
        entered = second_step.by_code(
            _half(), form.one_time_code.data or "", device(keep=keep), runtime().vault
        )
    except Ended as error:
        return _start_over(error)
    except TooMany as error:
        form.form_errors.append(str(error))
        return _code_page(second_step.waiting(_half()), form), 429
    except Invalid as error:
        show_errors(form, error)
        return _code_page(second_step.waiting(_half()), form), 422
    left = factors.of_user(entered.user).codes
    if left < had:
        flash(f"Recovery code used. You have {left} left; create new ones under Your account.", "success")
    return _arrive(entered, local(request.args.get("next", "")), keep=keep, trusts=bool(form.trust.data))


@auth.post("/login/code/passkey-question")
@limiter.limit("60/minute")
def code_question() -> ResponseReturnValue:
    """For the second step: any passkey of the person."""
    return question(passkeys.ask(site(), second_step.waiting(_half()).user))


@auth.post("/login/code/passkey")
def code_passkey() -> ResponseReturnValue:
    """The second step, with a passkey."""
    try:
        keep = second_step.waiting(_half()).is_kept
        entered = second_step.by_passkey(_half(), answer(PasskeyForm()), device(keep=keep))
    except Ended as error:
        return _start_over(error)
    except Invalid as error:
        form = SecondStepForm(formdata=None)
        form.form_errors.append(str(error))
        return _code_page(second_step.waiting(_half()), form), 422
    return _arrive(entered, local(request.args.get("next", "")), keep=keep)


@auth.post("/login/passkey-question")
@limiter.limit("60/minute")
def passkey_question() -> ResponseReturnValue:
    """For the whole sign-in: a passkey that says whose it is."""
    return question(passkeys.ask(site()))


@auth.post("/login/passkey")
@limiter.limit("60/minute")
def passkey() -> ResponseReturnValue:
    """Sign in with a passkey alone."""
    wanted = local(request.args.get("next", ""))
    try:
        entered = second_step.with_passkey_alone(answer(PasskeyForm()), device(keep=False))
    except (Invalid, PasswordsOff) as error:
        flash(str(error), "error")
        return redirect(url_for("auth.login", next=wanted or None), 303)
    return _arrive(entered, wanted, keep=False)


@auth.post("/confirm/passkey-question")
@login_required
@limiter.limit("60/minute")
def confirm_question() -> ResponseReturnValue:
    """For a passkey in place of the password, before accounts or integrations change (``confirming``)."""
    if not factors.of_user(actor()).passkeys:
        raise NotFound(NO_PASSKEY)
    return question(passkeys.ask(site(), actor(), passkeys.CONFIRM))


@auth.route("/login/set-up", methods=["GET", "POST"])
def set_up() -> ResponseReturnValue:
    """Set up the second step where it is due, with an app, before anything else."""
    try:
        pending, form = second_step.setting_up(_half()), AppForm()
        keep = pending.is_kept
        typed = form.offer.data or "", form.one_time_code.data or ""
        done, status = submit(
            form, lambda: second_step.set_up_app(_half(), *typed, device(keep=keep), runtime().vault)
        )
        if done is None:
            return _set_up_page(second_step.setting_up(_half()), form), status
        return _arrive_with(*done, keep=keep)
    except Ended as error:
        return _start_over(error)


@auth.post("/login/set-up/passkey-question")
@limiter.limit("60/minute")
def set_up_question() -> ResponseReturnValue:
    """For a passkey that is set up because that is due."""
    return question(passkeys.ask_to_add(second_step.setting_up(_half()).user, site()))


@auth.post("/login/set-up/passkey")
def set_up_passkey() -> ResponseReturnValue:
    """Set up the second step where it is due, with a passkey."""
    form = NewPasskeyForm()
    try:
        keep = second_step.setting_up(_half()).is_kept
        entered, codes = second_step.set_up_passkey(
            _half(), answer(form), form.name.data or "", device(keep=keep)
        )
    except Ended as error:
        return _start_over(error)
    except Invalid as error:
        refused = AppForm(formdata=None)
        refused.form_errors.append(str(error))
        return _set_up_page(second_step.setting_up(_half()), refused), 422
    return _arrive_with(entered, codes, keep=keep)


def _half() -> str:
    return str(session.get(HALF, ""))


def _arrive(entered: Entered, wanted: str, *, keep: bool, trusts: bool = False) -> ResponseReturnValue:
    session.pop(HALF, None)
    enter(entered.token, keep=keep)
    answer = remember_device(redirect(wanted or url_for("home.dashboard"), 303), entered.known)
    value = (
        trusted.trust(entered.user, entered.known, request.user_agent.string, runtime().vault)
        if trusts
        else ""
    )
    return trust_device(answer, value) if value else answer


def _arrive_with(entered: Entered, codes: list[str], *, keep: bool) -> ResponseReturnValue:
    """Show the recovery codes, once, and then where the person wanted to go."""
    wanted = local(request.args.get("next", ""))
    _arrive(entered, wanted, keep=keep)
    page = render_template(
        "account/recovery_codes.html", codes=codes, onward=wanted or url_for("home.dashboard")
    )
    return remember_device(make_response(page), entered.known)


def _start_over(error: ServiceError) -> ResponseReturnValue:
    session.pop(HALF, None)
    flash(str(error), "error")
    return redirect(url_for("auth.login", next=local(request.args.get("next", "")) or None), 303)


def _code_page(pending: PendingSignIn, form: FlaskForm) -> str:
    found = factors.of_user(pending.user)
    return render_template(
        "auth/code.html",
        form=form,
        found=found,
        by_recovery_code="recovery" in request.args,
        trusts=policy.trusts_devices(),
        passkey_form=PasskeyForm(formdata=None)
        if found.passkeys and passkeys.site(runtime().config)
        else None,
        next=local(request.args.get("next", "")) or None,
    )


def _set_up_page(pending: PendingSignIn, form: AppForm) -> str:
    offer = authenticator.offer(pending.user, runtime().vault, form.offer.data or "")
    return render_template(
        "auth/set_up.html",
        form=form,
        offer=offer,
        qr=qr.svg(offer.uri),
        passkey_form=NewPasskeyForm(formdata=None) if passkeys.site(runtime().config) else None,
        next=local(request.args.get("next", "")) or None,
    )
