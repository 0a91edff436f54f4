"""A session ends while a rep types in the editor: the rep sees it, signs in in a second tab, and goes on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from stack import Stack
from tests.browser.people import REP_EMAIL, come_in, entered, sign_in

pytestmark = pytest.mark.browser


def open_new_quote(page: Page) -> None:
    page.locator("a.btn", has_text="New quote").click()
    page.get_by_role("button", name="Skip for now").click()
    page.get_by_role("searchbox", name="Add a line").fill("Cable by the metre")
    page.get_by_role("button", name="as a custom item").click()
    expect(page.locator(".line")).to_have_count(1)


def test_a_line_is_saved_after_signing_in_again(live_stack: Stack, browser_page: Page) -> None:
    page = browser_page
    sign_in(page, live_stack, REP_EMAIL)
    open_new_quote(page)
    page.context.clear_cookies()
    price = entered(page.locator(".line"), "Price")
    price.fill("12.50")
    price.press("Tab")
    expect(page.locator("#notices")).to_contain_text("Your session ended, so nothing was saved.")
    expect(price).to_have_value("12.50")
    beside = page.context.new_page()
    sign_in(beside, live_stack, REP_EMAIL)
    beside.close()
    price.fill("12.75")
    price.press("Tab")
    expect(page.locator(".line .amount")).to_have_text("$12.75")
    page.reload()
    expect(entered(page.locator(".line"), "Price")).to_have_value("12.75")


def test_the_page_without_htmx_holds_the_form(live_stack: Stack, browser_page: Page) -> None:
    page = browser_page
    come_in(page, live_stack, REP_EMAIL)
    page.goto(f"{live_stack.web_url}/people/new")
    page.get_by_label("Last name").fill("Typed before the end")
    page.get_by_label("Email").fill("typed@before.example")
    page.get_by_label("Organization", exact=True).fill("Before Ltd")
    page.get_by_label("Phone", exact=True).fill("+1 555 0100")
    page.context.clear_cookies()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Your session ended")).to_be_visible()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Sign in again in a new tab").click()
    sign_in(opened.value, live_stack, REP_EMAIL)
    opened.value.close()
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("heading", name="Typed before the end")).to_be_visible()
