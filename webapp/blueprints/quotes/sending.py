"""Email a published quote to the customer, and take back an email that waits."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints import answered
from webapp.blueprints.quotes import quotes
from webapp.blueprints.quotes.editor import page
from webapp.blueprints.support import actor, back_to, is_htmx, require, runtime
from webapp.models import utc_now
from webapp.services.accounts.permissions import Permission
from webapp.services.company import mail_server, place
from webapp.services.core import formatting
from webapp.services.delivery import outbox
from webapp.services.quoting.draft import editing
from webapp.services.quoting.lifecycle import sending
from webapp.services.quoting.revisions import freezing


@quotes.get("/<int:quote_id>/send")
@login_required
def send_form(quote_id: int) -> ResponseReturnValue:
    """The form, for htmx by itself; the page has only the link that opens it, since its text takes a reading."""
    quote = editing.get(quote_id)
    require(Permission.CHANGE, quote)
    if sentence := sending.blocker(quote):
        return back_to("quotes.show", sentence, quote_id=quote_id)
    form = answered.opened("", sending.form(quote, runtime().config.public_base_url))
    if not is_htmx():
        return page(quote, send=form)
    revision = quote.current_revision
    changed = revision is not None and freezing.has_changes(quote, revision)
    return render_template("quotes/_send_form.html", quote=quote, send=form, changed=changed)


@quotes.post("/<int:quote_id>/send")
@login_required
def send(quote_id: int) -> ResponseReturnValue:
    """Queue the email."""
    sent, form = answered.attempt(
        lambda: sending.send(actor(), quote_id, request.form),
        lambda: dict.fromkeys(sending.FIELDS, ""),
    )
    if sent is None:
        return page(editing.get(quote_id), form.status, send=form)
    if not mail_server.is_configured(runtime()):
        return back_to("quotes.show", outbox.NO_SERVER, quote_id=quote_id)
    if sent.send_at > utc_now():
        said = f"The email to {sent.recipients} will be sent {formatting.moment(sent.send_at, place.of_company())}."
    elif sent.is_waiting:
        said = f"The email to {sent.recipients} is on its way."
    else:
        said = f"The email to {sent.recipients} was sent before, or canceled: see below."
    return back_to("quotes.show", said, quote_id=quote_id)


@quotes.post("/<int:quote_id>/send/<int:message_id>/cancel")
@login_required
def cancel_send(quote_id: int, message_id: int) -> ResponseReturnValue:
    """Take back an email that waits for its time."""
    message = sending.cancel(actor(), quote_id, message_id)
    return back_to("quotes.show", f"The email to {message.recipients} was canceled.", quote_id=quote_id)
