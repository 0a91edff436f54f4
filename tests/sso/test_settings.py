"""The settings page of single sign-on, and one click through it in a browser."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page
from werkzeug.serving import make_server

from tests.sso.conftest import configure
from tests.support import samples
from tests.support.browser import accessibility_violations
from tests.support.provider import CLIENT, SECRET, Provider
from tests.support.visitor import Visitor, errors, text
from tests.web.conftest import Ids
from webapp.models import SsoProvider, User, db
from webapp.services.accounts.sso import discovery
from webapp.services.accounts.sso import settings as sso_settings

PAGE = "/settings/single-sign-on"


@pytest.fixture
def app_settings(app_settings: dict[str, str], provider: Provider) -> dict[str, str]:
    kept = {name: value for name, value in app_settings.items() if not name.startswith("OIDC_")}
    return {**kept, "OIDC_ALLOWED_HOSTS": f"127.0.0.1:{provider.port}"}


def save(admin: Visitor, **values: Any) -> Any:
    return admin.send(next(one for one in _forms(admin) if "issuer" in one.names()), values)


def _forms(admin: Visitor) -> list[Any]:
    from smoke.forms import read_forms

    return read_forms(admin.client.get(PAGE).text)


def own(app: Flask, role: str = "owner") -> None:
    with app.app_context():
        db.session.execute(db.update(User).where(User.email == "admin@desk.example").values(role=role))
        db.session.commit()


@pytest.fixture
def admin(app: Flask, ids: Ids) -> Visitor:
    own(app)
    return Visitor(app.test_client()).sign_in("admin@desk.example", samples.PASSWORD)


def test_the_secret_is_kept_and_never_shown(app: Flask, admin: Visitor, provider: Provider) -> None:
    answer = save(
        admin, is_on=True, issuer=provider.issuer, client_id=CLIENT, secret=SECRET, label="Example ID"
    )
    assert answer.status_code == 303, text(answer)
    assert SECRET not in admin.client.get(PAGE).text
    with app.app_context():
        runtime = app.extensions["quotewright"]
        assert sso_settings.load(runtime).secret == SECRET
        assert SECRET not in db.session.scalars(db.select(SsoProvider)).one().client_secret_encrypted
    assert "Sign in with Example ID" in app.test_client().get("/login").text
    assert admin.send(admin.form(PAGE, "/test")).status_code == 303
    assert "has 1 signing key." in text(admin.client.get(PAGE))
    provider.status = 500
    admin.send(admin.form(PAGE, "/test"))
    assert "status 500" in text(admin.client.get(PAGE))
    # Kept with an empty field, but not for another provider.
    save(admin, session_hours="4")
    with app.app_context():
        assert sso_settings.load(app.extensions["quotewright"]).secret == SECRET
    save(admin, issuer="https://other.example")
    with app.app_context():
        assert sso_settings.load(app.extensions["quotewright"]).secret == ""


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("issuer", "https://login.microsoftonline.com/common/v2.0", "every organization"),
        ("issuer", "http://login.example.com", "https"),
        ("issuer", "https://10.0.0.1/", "internal"),
        ("issuer", "https://evil.example\\@127.0.0.1/", "valid URL"),
        ("group_roles", "sales = emperor", "isn't a group and a role"),
        ("session_hours", "0", "1 to 168"),
        ("creates_accounts", True, ""),
        ("allows_passwords", False, "Turn single sign-on on first"),
    ],
)
def test_wrong_values(admin: Visitor, field: str, value: Any, words: str) -> None:
    answer = save(admin, **{field: value})
    assert answer.status_code == 422
    assert words in errors(answer).get(field, "")


def test_one_click_signs_in(app: Flask, ids: Ids, provider: Provider, browser_page: Page) -> None:
    runtime = app.extensions["quotewright"]
    configure(
        app,
        is_on=True,
        label="Example ID",
        issuer=provider.issuer,
        client_id=CLIENT,
        client_secret_encrypted=runtime.vault.encrypt(SECRET),
    )
    server = make_server("127.0.0.1", 0, app, threaded=True)
    address = f"http://127.0.0.1:{server.server_port}"
    object.__setattr__(runtime.config, "public_base_url", address)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        browser_page.goto(f"{address}{ids.quote_page}")
        assert accessibility_violations(browser_page) == []
        browser_page.get_by_role("link", name="Sign in with Example ID").click()
        browser_page.wait_for_url(f"{address}{ids.quote_page}")
        browser_page.locator(".account-menu summary").click()
        browser_page.get_by_role("button", name="Sign out", exact=True).click()
        browser_page.get_by_role("link", name="Sign out of Example ID too").wait_for()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        discovery._kept.clear()


def test_only_an_owner_chooses_who_vouches_for_people(app: Flask, admin: Visitor, provider: Provider) -> None:
    own(app, "admin")
    answer = save(admin, is_on=True, issuer=provider.issuer, client_id=CLIENT, secret=SECRET)
    assert "Only an owner" in errors(answer)["issuer"]
    assert "Only an owner" in errors(save(admin, trusts_directory=True))["trusts_directory"]
    assert save(admin, session_hours="4").status_code == 303


def test_turning_passwords_off_ends_sessions_that_began_with_one(
    app: Flask, admin: Visitor, provider: Provider
) -> None:
    rep = Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD)
    values = {"is_on": True, "issuer": provider.issuer, "client_id": CLIENT, "secret": SECRET}
    assert save(admin, **values, allows_passwords=False).status_code == 303
    assert rep.client.get("/account/").status_code == 303
    assert admin.client.get(PAGE).status_code == 200
