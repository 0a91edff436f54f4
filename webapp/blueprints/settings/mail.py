"""Settings > Mail: the server, reminders, the texts, and the outbox."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import PasswordField, SelectField, StringField
from wtforms.fields import SelectChoice

from webapp.blueprints import answered
from webapp.blueprints.confirming import confirmed, confirmed_first
from webapp.blueprints.settings import settings
from webapp.blueprints.support import (
    SAVED,
    RecordForm,
    actor,
    admin_required,
    back_to,
    choice,
    page_number,
    runtime,
    submit,
)
from webapp.security import MAIL_IN_A_FRAME, WITH_FRAMES
from webapp.services.company import mail_server, mail_texts
from webapp.services.core.errors import ServiceError
from webapp.services.delivery import outbox, trying


class MailForm(RecordForm):
    """The mail server and reminders."""

    host = StringField("Server", render_kw={"placeholder": "smtp.example.com", "autocomplete": "off"})
    port = StringField("Port", render_kw={"inputmode": "numeric"})
    security = SelectField(
        "Encryption", choices=[SelectChoice(key, text) for key, text in mail_server.SECURITY.items()]
    )
    username = StringField("User name", render_kw={"autocomplete": "off"})
    password = PasswordField("Password", render_kw={"autocomplete": "new-password"})
    from_address = StringField("Sender’s email", render_kw={"type": "email", "autocomplete": "off"})
    from_name = StringField("Sender’s name", description="For example your company: “Ann Lee via Acme IT”.")
    remind_silent_days = StringField(
        "Days without an answer",
        description="After an email. Empty sends no reminder.",
        render_kw={"inputmode": "numeric"},
    )
    remind_ending_days = StringField(
        "Days before it expires", description="Empty sends no reminder.", render_kw={"inputmode": "numeric"}
    )


@settings.route("/mail", methods=["GET", "POST"])
@admin_required
@confirmed_first
def mail() -> ResponseReturnValue:
    """The server and the reminders."""
    form = _form()
    _, status = submit(
        form, lambda: mail_server.save(runtime(), actor(), form.entered), lambda: _form(formdata=None)
    )
    if status == SAVED:
        return back_to("settings.mail", "Mail settings saved. Send a test to see that they work.")
    return _page(form), status


@settings.post("/mail/events-key")
@admin_required
@confirmed
def mail_events_key() -> ResponseReturnValue:
    """Make a new address for the mail service, and show it this once."""
    return _page(_form(formdata=None), mail_server.renew_events_key(actor()))


@settings.post("/mail/test")
@admin_required
@confirmed
def test_mail() -> ResponseReturnValue:
    """Send an email to the admin who asks, and say in a sentence what came of it."""
    try:
        flash(trying.send_test(runtime(), actor()), "success")
    except ServiceError as error:
        flash(f"The test failed. {error}", "error")
    return redirect(url_for("settings.mail"), 303)


@settings.route("/mail/texts", methods=["GET", "POST"])
@admin_required
def mail_text_list() -> ResponseReturnValue:
    """The texts of emails."""
    form = answered.opened(mail_texts.seen(), mail_texts.shown())
    if request.method == "POST":
        entered = {**request.form, **choice()}
        saved, form = answered.attempt(lambda: _save_texts(entered), mail_texts.shown)
        if saved:
            return back_to("settings.mail_text_list", "Texts saved.")
    page = make_response(
        render_template(
            "settings/mail_texts.html", form=form, kinds=mail_texts.KINDS, words=mail_texts.WORDS
        ),
        form.status,
    )
    page.headers["Content-Security-Policy"] = WITH_FRAMES
    return page


@settings.route("/mail/texts/<kind>/look", methods=["GET", "POST"])
@admin_required
def mail_look(kind: str) -> ResponseReturnValue:
    """An email of this kind as it looks, with what is typed (``subject`` and ``text``), of a sample quote."""
    return _framed(trying.sample(kind, request.form.get("subject", ""), request.form.get("text", "")))


@settings.get("/mail/outbox")
@admin_required
def mail_outbox() -> ResponseReturnValue:
    """Every email that was written."""
    return render_template("settings/mail_outbox.html", page=outbox.page(page_number()))


@settings.get("/mail/outbox/<int:message_id>")
@admin_required
def mail_message(message_id: int) -> ResponseReturnValue:
    """One email, as it looks."""
    answer = make_response(render_template("settings/mail_message.html", message=outbox.get(message_id)))
    answer.headers["Content-Security-Policy"] = WITH_FRAMES
    return answer


@settings.get("/mail/outbox/<int:message_id>/look")
@admin_required
def mail_message_look(message_id: int) -> ResponseReturnValue:
    """Its HTML, in a frame."""
    return _framed(outbox.get(message_id).html)


def _page(form: MailForm, events_key: str = "") -> str:
    row, base = mail_server.stored(), urlsplit(runtime().config.public_base_url)
    address = base._replace(netloc=f"events:{events_key}@{base.netloc}", path=url_for("mail_events.heard"))
    return render_template(
        "settings/mail.html",
        form=form,
        operators=mail_server.load(runtime()) if runtime().config.smtp_url else None,
        has_password=bool(row.password_encrypted),
        is_configured=mail_server.is_configured(runtime()),
        has_events_key=bool(row.events_sha256),
        events_address=address.geturl() if events_key else "",
    )


def _save_texts(entered: dict[str, Any]) -> bool:
    mail_texts.save(actor(), entered)
    return True


def _form(**options: Any) -> MailForm:
    row = mail_server.stored()
    return MailForm(data=mail_server.shown(row), seen=mail_server.seen(row), **options)


def _framed(html: str) -> ResponseReturnValue:
    answer = make_response(trying.with_logo(html))
    answer.headers["Content-Security-Policy"] = MAIL_IN_A_FRAME
    return answer
