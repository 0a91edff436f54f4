"""Your account: your time zone, your password, your two-step sign-in and where you are signed in."""

from __future__ import annotations

from flask import flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from webapp.blueprints import theme
from webapp.blueprints.account import account
from webapp.blueprints.account.forms import OwnPasswordForm, PreferencesForm
from webapp.blueprints.auth.session import device, enter, leave_to
from webapp.blueprints.confirming import confirmed
from webapp.blueprints.support import SAVED, actor, back_to, is_htmx, runtime, submit
from webapp.services.accounts import own_account, sessions
from webapp.services.accounts.two_step import changing, factors, passkeys, trusted


@account.get("/")
@login_required
def show() -> ResponseReturnValue:
    """The page."""
    return _page(_preferences(), OwnPasswordForm())


@account.post("/preferences")
@login_required
def preferences() -> ResponseReturnValue:
    """Save the time zone, and whether letters are keys."""
    form = PreferencesForm()
    _, status = submit(form, lambda: own_account.save_preferences(actor(), form.data))
    return back_to("account.show", "Saved.") if status == SAVED else (_page(form, OwnPasswordForm()), status)


@account.post("/theme")
@login_required
def choose_theme() -> ResponseReturnValue:
    """Light, dark, or as the system."""
    response = make_response(("", 204) if is_htmx() else back_to("account.show", "Saved."))
    theme.choose(response, request.form.get("theme", ""))
    return response


@account.post("/password")
@login_required
def password() -> ResponseReturnValue:
    """Change the password; this session continues, all others end."""
    form, keep = OwnPasswordForm(), current_user.kept
    current, new = form.current.data or "", form.password.data or ""
    token, status = submit(form, lambda: sessions.change_password(actor(), current, new, device(keep=keep)))
    if token is None:
        return _page(_preferences(), form), status
    enter(token, keep=keep)
    return back_to("account.show", "Password changed. You're signed out on every other device.")


@account.post("/sessions/<int:session_id>/end")
@login_required
@confirmed
def end_session(session_id: int) -> ResponseReturnValue:
    """Sign out of one session."""
    sessions.end(actor(), session_id)
    return back_to("account.show", "Signed out there.")


@account.post("/devices/<int:device_id>/end")
@login_required
@confirmed
def end_trust(device_id: int) -> ResponseReturnValue:
    """Ask for the second step in one browser again."""
    trusted.end(actor(), device_id)
    return back_to("account.show", "The second step is asked for on that device again.")


@account.post("/sessions/end")
@login_required
@confirmed
def end_sessions() -> ResponseReturnValue:
    """Sign out everywhere, here too."""
    sessions.end_all(actor(), actor())
    answer = leave_to(url_for("auth.login"))
    flash("You're signed out everywhere.", "success")
    return answer


def _preferences() -> PreferencesForm:
    return PreferencesForm(data={"time_zone": actor().time_zone, "letter_keys": actor().letter_keys})


def _page(preferences_form: PreferencesForm, password_form: OwnPasswordForm) -> str:
    return render_template(
        "account/show.html",
        form=preferences_form,
        password_form=password_form,
        sessions=sessions.of_user(actor()),
        here=current_user.session_id,
        trusted_devices=trusted.of_user(actor(), device(keep=False).token),
        two_step=factors.of_user(actor()),
        may_turn_off=changing.may_turn_off(actor()),
        passkeys_work=passkeys.site(runtime().config) is not None,
    )
