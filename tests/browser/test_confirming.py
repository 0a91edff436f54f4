"""The password is asked for again on a page of its own, with the script too."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, text

from stack import Stack
from tests.browser.people import ADMIN_EMAIL, come_in

pytestmark = pytest.mark.browser


def test_an_invitation_after_a_while(live_stack: Stack, browser_page: Page) -> None:
    page = browser_page
    come_in(page, live_stack, ADMIN_EMAIL)
    page.goto(f"{live_stack.web_url}/settings/users/new")
    forget_the_password(live_stack)
    page.get_by_label("Name").fill("Nia New")
    page.get_by_label("Email").fill("nia@demo.example")
    page.locator("main button[type=submit]").last.click()
    expect(page.get_by_role("heading", name="Enter your password")).to_be_visible()
    password = next(login["password"] for login in live_stack.logins if login["email"] == ADMIN_EMAIL)
    page.get_by_label("Your password").fill(password)
    page.get_by_role("button", name="Confirm and save").click()
    expect(page.get_by_label("Invitation")).to_be_visible()
    assert page.locator("main").count() == 1
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()


def forget_the_password(stack: Stack) -> None:
    """As if it was given an hour ago."""
    engine = create_engine(stack.env.get("DATABASE_URL") or f"sqlite:///{stack.options.data}/quotewright.db")
    with engine.begin() as connection:
        at = connection.execute(text("SELECT max(confirmed_at) FROM user_session")).scalar_one()
        connection.execute(
            text("UPDATE user_session SET confirmed_at = :past"), {"past": "2020" + str(at)[4:]}
        )
    engine.dispose()
