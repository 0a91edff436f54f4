"""Settings > Users."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.blueprints.confirming import confirmed
from webapp.blueprints.settings import settings
from webapp.blueprints.settings.forms import NewUserForm, UserForm
from webapp.blueprints.support import (
    SAVED,
    actor,
    admin_required,
    ask,
    back_to,
    json_file,
    runtime,
    submit,
)
from webapp.models import User
from webapp.services.accounts import account_links, handing_over, permissions, sessions
from webapp.services.accounts import users as accounts
from webapp.services.accounts.sso import people
from webapp.services.accounts.two_step import changing, factors
from webapp.services.company import mail_server
from webapp.services.core import records
from webapp.services.privacy import anonymizing, exporting


@settings.get("/users")
@admin_required
def users() -> ResponseReturnValue:
    """All users."""
    return render_template(
        "settings/users.html",
        users=accounts.list_users(),
        roles=permissions.LABELS,
        two_step=factors.holders(),
    )


@settings.route("/users/new", methods=["GET", "POST"])
@admin_required
@confirmed
def new_user() -> ResponseReturnValue:
    """Create an account, and mail its invitation or show its link, once."""
    form = NewUserForm()
    mails = mail_server.is_configured(runtime())
    by_mail = mails and "by_mail" in request.form

    def invite() -> tuple[User, str]:
        typed = {name: form[name].data or "" for name in ("email", "name", "role", "team")}
        if by_mail:
            return account_links.invite_by_mail(actor(), **typed), ""
        return account_links.invite(actor(), **typed)

    invited, status = submit(form, invite)
    if invited is not None:
        if by_mail:
            return _mailed(invited[0])
        return _link(*invited)
    page = render_template("settings/new_user.html", form=form, labels=permissions.LABELS, mails=mails)
    return page, status


@settings.route("/users/<int:user_id>", methods=["GET", "POST"])
@admin_required
@confirmed
def user(user_id: int) -> ResponseReturnValue:
    """Change the name, role or active flag of an account."""
    record = _get(user_id)
    form = UserForm(obj=record, seen=accounts.seen(record))
    form.offer(handing_over.colleagues(record))
    _, status = submit(
        form,
        lambda: accounts.update_user(
            actor(),
            record,
            name=form.name.data or "",
            role=form.role.data or "",
            team=form.team.data or "",
            is_active=bool(form.is_active.data),
            successor_id=form.successor_id.data,
            form=form.entered,
        ),
        lambda: UserForm(formdata=None, obj=record),
    )
    if status == SAVED:
        return back_to("settings.users", f"{record.name} saved.")
    page = render_template(
        "settings/user.html",
        user=record,
        form=form,
        labels=permissions.LABELS,
        open_quotes=handing_over.open_quotes(record),
        has_two_step=factors.has(record),
        linked=people.is_linked(record),
        mails=mail_server.is_configured(runtime()),
    )
    return page, status


@settings.post("/users/<int:user_id>/link")
@admin_required
@confirmed
def user_link(user_id: int) -> ResponseReturnValue:
    """Show a new link with which the person chooses a password, once; or mail an invitation."""
    record = _get(user_id)
    if "by_mail" in request.form and mail_server.is_configured(runtime()):
        account_links.mail_invitation(actor(), record)
        return _mailed(record)
    return _link(record, account_links.issue(actor(), record))


@settings.post("/users/<int:user_id>/sessions/end")
@admin_required
@confirmed
def end_sessions_of(user_id: int) -> ResponseReturnValue:
    """Sign the person out everywhere."""
    record = _get(user_id)
    sessions.end_all(actor(), record)
    return back_to("settings.user", f"{record.name} is signed out everywhere.", user_id=user_id)


@settings.post("/users/<int:user_id>/two-step/reset")
@admin_required
@confirmed
def reset_two_step(user_id: int) -> ResponseReturnValue:
    """For someone who lost their device: they set up two-step sign-in again."""
    record = _get(user_id)
    asked = ask(f"Reset the two-step sign-in of {record.name}?", "Reset")
    if asked is not None:
        return asked
    changing.reset(actor(), record)
    return back_to("settings.users", f"{record.name} is signed out and sets up two-step sign-in again.")


@settings.post("/users/<int:user_id>/unlink")
@admin_required
@confirmed
def unlink_user(user_id: int) -> ResponseReturnValue:
    """Forget who the person is at the sign-in provider."""
    record = _get(user_id)
    people.unlink(actor(), record)
    return back_to("settings.user", "The link was removed.", user_id=user_id)


@settings.post("/users/<int:user_id>/export")
@admin_required
@confirmed
def export_user(user_id: int) -> ResponseReturnValue:
    """Everything that is held about a user, as a file."""
    return json_file(exporting.user(actor(), _get(user_id)), f"user-{user_id}.json")


@settings.post("/users/<int:user_id>/anonymize")
@admin_required
@confirmed
def anonymize_user(user_id: int) -> ResponseReturnValue:
    """Make a user who left anonymous, after a question that says what is kept."""
    record = _get(user_id)
    asked = ask(anonymizing.question(record), "Anonymize")
    if asked is not None:
        return asked
    anonymizing.user(actor(), user_id)
    return back_to("settings.user", "The account was anonymized.", user_id=user_id)


def _mailed(record: User) -> ResponseReturnValue:
    return back_to("settings.users", f"The invitation to {record.email} is on its way.")


def _link(record: User, token: str) -> str:
    link = runtime().config.public_base_url + url_for("auth.join", token=token)
    return render_template("settings/user_link.html", user=record, link=link)


def _get(user_id: int) -> User:
    return records.get(User, user_id, "This account no longer exists.")
