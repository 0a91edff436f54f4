"""Headers of pages that aren't for everyone, and the log of what was refused."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

import config
from smoke.forms import read_forms
from tests.support import samples
from tests.support.visitor import Visitor
from tests.web.conftest import Ids
from webapp import create_app
from webapp.models import Quote, db
from webapp.services.quoting.lifecycle import publishing


def customer_page(app: Flask, ids: Ids) -> str:
    with app.app_context():
        quote = db.session.get_one(Quote, ids.quote)
        publishing.publish(quote.owner, quote.id)
        return f"/q/{quote.public_token}"


def logged(caplog: pytest.LogCaptureFixture, name: str) -> dict[str, Any]:
    """The only event of this name."""
    events: list[Any] = [one.msg for one in caplog.records]
    (event,) = [one for one in events if isinstance(one, dict) and one["event"] == name]
    return event


def test_quotes_are_not_stored_and_not_indexed(app: Flask, rep: Visitor, ids: Ids) -> None:
    page = customer_page(app, ids)
    client = app.test_client()
    for address in (page, f"{page}/quote.pdf"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"
    assert client.get("/q/nothing").headers["X-Robots-Tag"] == "noindex"
    assert rep.client.get(f"{ids.quote_page}/preview.pdf").headers["Cache-Control"] == "no-store"


def test_with_tls_the_hosts_below_use_it_too(app_settings: dict[str, str], ids: Ids) -> None:
    secure = create_app(config.load({**app_settings, "COOKIE_SECURE": "yes"}))
    header = secure.test_client().get("/healthz").headers["Strict-Transport-Security"]
    assert header == "max-age=31536000; includeSubDomains"
    with secure.app_context():
        db.engine.dispose()
    secure.extensions["quotewright"].redis.close()


@pytest.mark.parametrize(("email", "known"), [("rep@desk.example", True), ("my password", False)])
def test_a_failed_sign_in_is_logged_with_its_address(
    app: Flask, ids: Ids, caplog: pytest.LogCaptureFixture, email: str, known: bool
) -> None:
    visitor = Visitor(app.test_client())
    form = read_forms(visitor.client.get("/login").text)[0]
    form.action = "/login"
    assert visitor.send(form, {"email": email, "password": samples.PASSWORD + "x"}).status_code == 422
    event = logged(caplog, "sign_in.failed")
    assert event["address"] == "127.0.0.1"
    assert (event["user"] is not None) is known
    assert "my password" not in caplog.text


def test_a_refused_page_is_logged_with_address_and_account(
    rep: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    assert rep.client.get("/settings/users/1").status_code == 403
    event = logged(caplog, "access.refused")
    assert event["address"] == "127.0.0.1"
    assert (event["user"], event["endpoint"], event["user_id"]) == (2, "settings.user", 1)
