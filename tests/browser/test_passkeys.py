"""A passkey in Chromium, with its virtual authenticator: created, used as the second step, as the whole sign-in,
and in place of the password.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from tests.support import samples
from tests.support.browser import accessibility_violations
from webapp.models import UserSession, db

pytestmark = pytest.mark.browser


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A port that is ours before the application knows its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def app_settings(app_settings: dict[str, str], listening: socket.socket) -> dict[str, str]:
    """With a host that browsers know passkeys at."""
    return {**app_settings, "PUBLIC_BASE_URL": f"http://localhost:{listening.getsockname()[1]}"}


@pytest.fixture
def address(app: Flask, listening: socket.socket) -> Iterator[str]:
    """The running application, with a rep."""
    with app.app_context():
        samples.rep()
    port = listening.getsockname()[1]
    server = make_server("127.0.0.1", port, app, threaded=True, fd=listening.fileno())
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_passkey_from_its_creation_to_the_sign_in(app: Flask, address: str, browser_page: Page) -> None:
    page = browser_page
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
    }
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**device, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )
    password(page, address)
    page.goto(f"{address}/account/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Work laptop")
    page.get_by_role("button", name="Create a passkey").click()
    expect(page.get_by_role("heading", name="Save your recovery codes")).to_be_visible()
    page.get_by_role("link", name="I saved them").click()
    expect(page.get_by_text("Work laptop")).to_be_visible()
    assert accessibility_violations(page) == []

    page.locator(".account-menu summary").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    password(page, address)
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()

    page.locator(".account-menu summary").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    assert accessibility_violations(page) == []
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()

    with app.app_context():
        db.session.execute(db.update(UserSession).values(confirmed_at=None))
        db.session.commit()
    page.goto(f"{address}/account/two-step/app")
    expect(page.get_by_role("heading", name="Enter your password")).to_be_visible()
    assert accessibility_violations(page) == []
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("heading", name="Set up an authenticator app")).to_be_visible()


def password(page: Page, address: str) -> None:
    page.goto(f"{address}/login")
    page.get_by_label("Email").fill("rep@desk.example")
    page.get_by_label("Password").fill(samples.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/login" not in url or "/code" in url)
