"""Settings > Signing > Seal, over HTTP: the upload, what the page shows of a key, and how it goes."""

from __future__ import annotations

import io

import pytest
from flask import Flask

from smoke.forms import read_forms
from tests.support import seals
from tests.support.seals import certificate, chained, packed, rsa_key
from tests.support.visitor import Visitor, errors, text
from webapp.models import CompanySeal, db

PAGE = "/settings/signing/seal"


def upload(visitor: Visitor, content: bytes, password: str = seals.PASSWORD) -> str:
    """Send the form with the key; returns the page that answers."""
    form = next(one for one in read_forms(visitor.client.get(PAGE).text) if "part" in one.names())
    values = {**dict(form.fill({"file_password": password})), "file": (io.BytesIO(content), "seal.p12")}
    answer = visitor.client.post(PAGE, data=values, content_type="multipart/form-data")
    if answer.status_code == 303:
        return visitor.client.get(PAGE).text
    assert answer.status_code == 422
    return str(sorted(errors(answer).items()))


def test_a_key_is_uploaded_shown_and_removed_and_never_in_a_page(app: Flask, admin: Visitor) -> None:
    assert "doesn't open this file" in upload(admin, chained(), "wrong")
    page = upload(admin, chained())
    assert "Acme IT Seal, Acme IT GmbH" in page
    assert "Test Root, Acme IT GmbH" in page
    with app.app_context():
        row = db.session.get_one(CompanySeal, 1)
        assert row.fingerprint in page
        key = app.extensions["quotewright"].vault.decrypt(row.key_encrypted)
    assert key.split("\n")[1] not in page
    assert seals.PASSWORD not in page
    assert "Signed with “Acme IT Seal" in admin.client.get("/settings/signing").text
    assert admin.send_and_confirm(admin.form(PAGE, "remove-key")).status_code == 303
    assert "No key yet" in admin.client.get(PAGE).text
    form = next(one for one in read_forms(admin.client.get(PAGE).text) if "part" in one.names())
    again = {"csrf_token": dict(form.fill({}))["csrf_token"], "sure": "y"}
    assert admin.client.post(f"{PAGE}/remove-key", data=again).status_code == 303, "a second click"


def test_to_remove_a_key_that_never_was_is_no_error(admin: Visitor) -> None:
    token = dict(read_forms(admin.client.get(PAGE).text)[-1].fill({}))["csrf_token"]
    for sure in ({}, {"sure": "y"}):
        answer = admin.client.post(f"{PAGE}/remove-key", data={"csrf_token": token, **sure})
        assert answer.status_code in (200, 303)


def test_admins_are_warned_on_the_home_page(admin: Visitor) -> None:
    assert "expires" not in admin.client.get("/").text
    key = rsa_key()
    upload(admin, packed(key, certificate(key, days=(-1, 5))))
    for page in ("/", PAGE):
        assert "expires in 4 days" in admin.client.get(page).text


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://timestamp.example.com", "TIMESTAMP_ALLOWED_HOSTS"),
        ("https://10.0.0.1/tsr", "internal address"),
        ("https://[", "isn't a valid URL"),
    ],
)
def test_an_authority_that_isnt_allowed_is_named(admin: Visitor, url: str, sentence: str) -> None:
    form = next(one for one in read_forms(admin.client.get(PAGE).text) if "stamp_url" in one.names())
    answer = admin.send(form, {"stamp_url": url})
    assert answer.status_code == 422
    assert sentence in errors(answer)["stamp_url"]
    answer = admin.client.post(f"{PAGE}/test", data={"csrf_token": dict(form.fill({}))["csrf_token"]})
    assert "The test failed. Enter the URL" in text(admin.client.get(answer.headers["Location"]))
