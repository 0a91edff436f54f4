"""Settings > Users."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from webapp.blueprints.settings import settings
from webapp.blueprints.settings.forms import NewUserForm, PasswordForm, UserForm
from webapp.blueprints.support import SAVED, actor, admin_required, back_to, submit
from webapp.models import User
from webapp.services.accounts import users as accounts
from webapp.services.core import records


@settings.get("/users")
@admin_required
def users() -> ResponseReturnValue:
    """All users."""
    return render_template("settings/users.html", users=accounts.list_users())


@settings.route("/users/new", methods=["GET", "POST"])
@admin_required
def new_user() -> ResponseReturnValue:
    """Create an account."""
    form = NewUserForm()
    user, status = submit(
        form,
        lambda: accounts.create_user(
            actor(),
            email=form.email.data or "",
            name=form.name.data or "",
            password=form.password.data or "",
            role=form.role.data or "",
        ),
    )
    if user is not None:
        return back_to("settings.users", f"{user.name} can now sign in.")
    return render_template("settings/new_user.html", form=form), status


@settings.route("/users/<int:user_id>", methods=["GET", "POST"])
@admin_required
def user(user_id: int) -> ResponseReturnValue:
    """Change the name, role or active flag of an account."""
    record = _get(user_id)
    form = UserForm(obj=record, seen=accounts.seen(record))
    _, status = submit(
        form,
        lambda: accounts.update_user(
            actor(),
            record,
            name=form.name.data or "",
            role=form.role.data or "",
            is_active=bool(form.is_active.data),
            form=form.entered,
        ),
        lambda: UserForm(formdata=None, obj=record),
    )
    if status == SAVED:
        return back_to("settings.users", f"{record.name} saved.")
    page = render_template(
        "settings/user.html", user=record, form=form, password_form=PasswordForm(formdata=None)
    )
    return page, status


@settings.post("/users/<int:user_id>/password")
@admin_required
def reset_password(user_id: int) -> ResponseReturnValue:
    """Set a new password."""
    record, form = _get(user_id), PasswordForm()
    _, status = submit(form, lambda: accounts.set_password(actor(), record, form.password.data or ""))
    if status == SAVED:
        return back_to("settings.users", f"New password set. {record.name} was signed out everywhere.")
    form_of_user = UserForm(formdata=None, obj=record, seen=accounts.seen(record))
    return render_template("settings/user.html", user=record, form=form_of_user, password_form=form), status


def _get(user_id: int) -> User:
    return records.get(User, user_id, "This account no longer exists.")
