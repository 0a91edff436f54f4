"""Settings > Signing > Seal: the company's key, and the authority that stamps the time."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import PasswordField, StringField

from webapp.blueprints.confirming import confirmed, confirmed_first
from webapp.blueprints.settings import settings
from webapp.blueprints.support import SAVED, RecordForm, actor, admin_required, ask, back_to, runtime, submit
from webapp.services.company import place
from webapp.services.company.seal import settings as seals
from webapp.services.company.seal.key import MOST_BYTES
from webapp.services.core.errors import ServiceError
from webapp.services.core.formatting import moment
from webapp.services.quoting.paper import attempts

KEY = "key"


class KeyForm(FlaskForm):
    """The file with the key."""

    file = FileField("File with the key", render_kw={"accept": ".p12,.pfx,application/x-pkcs12"})
    file_password = PasswordField("Password of the file", render_kw={"autocomplete": "off"})


class AuthorityForm(RecordForm):
    """The time stamp authority."""

    stamp_url = StringField(
        "URL",
        render_kw={"placeholder": "https://timestamp.example.com", "autocomplete": "off", "inputmode": "url"},
    )
    stamp_username = StringField("User name", render_kw={"autocomplete": "off"})
    stamp_password = PasswordField("Password", render_kw={"autocomplete": "new-password"})


@settings.route("/signing/seal", methods=["GET", "POST"])
@admin_required
@confirmed_first
def seal() -> ResponseReturnValue:
    """Both; the form with the key names itself, so that both are sent to the page that shows them."""
    if request.method == "POST" and request.form.get("part") == KEY:
        return _put_key()
    form = _authority()
    _, status = submit(
        form,
        lambda: seals.put_authority(runtime(), actor(), form.entered),
        lambda: _authority(formdata=None),
    )
    if status == SAVED:
        said = (
            "Saved. Get a time stamp to see that it works."
            if form.stamp_url.data
            else "Saved: no time stamps."
        )
        return back_to("settings.seal", said)
    return _page(KeyForm(formdata=None), form), status


@settings.post("/signing/seal/remove-key")
@admin_required
@confirmed
def remove_seal_key() -> ResponseReturnValue:
    """Forget the key."""
    asked = ask(
        "Remove the key? PDFs that are signed from now on are made without your signature.", "Remove the key"
    )
    if asked is not None:
        return asked
    seals.remove_key(actor(), request.form.get("fingerprint", ""))
    return back_to("settings.seal", "Key removed. PDFs that it sealed stay as they are.")


@settings.post("/signing/seal/test")
@admin_required
@confirmed
def test_time_stamp() -> ResponseReturnValue:
    """Obtain a real time stamp, and say in a sentence what came of it."""
    try:
        stamp = seals.try_authority(runtime())
        flash(
            f"It works: time stamp of {moment(stamp.at, place.of_company())}, by {stamp.by or 'the authority'}.",
            "success",
        )
    except ServiceError as error:
        flash(f"The test failed. {error}", "error")
    return redirect(url_for("settings.seal"), 303)


def _put_key() -> ResponseReturnValue:
    form = KeyForm()
    sent = request.files.get("file")
    # One byte more than is allowed shows that a file is too large.
    content = sent.read(MOST_BYTES + 1) if sent is not None else b""
    _, status = submit(
        form, lambda: seals.put_key(runtime(), actor(), content, form.file_password.data or "")
    )
    if status == SAVED:
        return back_to("settings.seal", "Key saved. PDFs that are signed from now on are sealed with it.")
    return _page(form, _authority(formdata=None)), status


def _page(key: KeyForm, authority: AuthorityForm) -> str:
    return render_template(
        "settings/seal.html",
        row=seals.stored(),
        warning=seals.warning(),
        key=key,
        authority=authority,
        lacking=attempts.lacking(),
    )


def _authority(**options: Any) -> AuthorityForm:
    row = seals.stored()
    return AuthorityForm(data=seals.shown(row), seen=seals.seen(row), **options)
