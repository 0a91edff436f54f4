"""Connecting Autotask, changing its credentials, and disconnecting."""

from __future__ import annotations

from flask import flash, make_response, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.blueprints.confirming import confirmed, confirmed_first
from webapp.blueprints.integrations import integrations
from webapp.blueprints.integrations.forms import ConnectForm
from webapp.blueprints.support import (
    SAVED,
    actor,
    ask,
    back_to,
    integrator_required,
    is_htmx,
    runtime,
    submit,
)
from webapp.models import db
from webapp.services.autotask.connection import connection, pausing, stored_lists
from webapp.services.core.errors import ServiceError


@integrations.route("/autotask/connect", methods=["GET", "POST"])
@integrator_required
@confirmed_first
def connect() -> ResponseReturnValue:
    """The dialog's form; without JavaScript, a page."""
    known = connection.load()
    form = ConnectForm(data={"user_name": known.user_name} if known else None)
    try:
        _, status = submit(form, lambda: _connect(form))
    except ServiceError as error:  # Autotask can't be reached: what was typed stays
        form.form_errors.append(str(error))
        status = 422
    if status == SAVED:
        return _connected()
    template = "integrations/autotask/_connect.html" if is_htmx() else "integrations/autotask/connect.html"
    return render_template(template, form=form, known=known), status


@integrations.post("/autotask/disconnect")
@integrator_required
@confirmed
def disconnect() -> ResponseReturnValue:
    """Delete the credentials and keep everything else."""
    asked = ask(
        "Disconnect Autotask? Its credentials are deleted. Settings and links are kept, and syncs wait.",
        "Disconnect",
    )
    if asked is not None:
        return asked
    connection.disconnect(actor())
    return back_to(
        "integrations.index",
        "Autotask is disconnected and its credentials are deleted. Settings and links are kept, and syncs wait.",
    )


def _connect(form: ConnectForm) -> None:
    connection.connect(
        runtime(),
        user_name=form.user_name.data or "",
        secret=form.secret.data or "",
        integration_code=form.integration_code.data or "",
        actor=actor(),
    )


def _connected() -> ResponseReturnValue:
    paused = pausing.current()
    if paused is not None:
        flash(paused.sentence, "warning")
    answer = back_to("integrations.autotask", "Autotask is connected. Review the sections below.")
    if not is_htmx():
        _read_lists()
        return answer
    # The page reads the lists itself and shows the progress.
    moved = make_response("", 204)
    moved.headers["HX-Redirect"] = url_for("integrations.autotask")
    return moved


def _read_lists() -> None:
    """Read the lists for the sections; if that fails, the page says so and offers to try again."""
    try:
        stored_lists.refresh(runtime())
    except ServiceError:
        db.session.rollback()
