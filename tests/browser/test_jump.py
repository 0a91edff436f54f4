"""The command menu and the keys of every page, by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from stack import Stack
from tests.browser.people import ADMIN_EMAIL, sign_in
from tests.support.browser import accessibility_violations

pytestmark = pytest.mark.browser


def test_jump_by_keyboard_and_letters_are_keys_where_nothing_is_typed(
    live_stack: Stack, browser_page: Page
) -> None:
    page = browser_page
    sign_in(page, live_stack, ADMIN_EMAIL)
    page.goto(f"{live_stack.web_url}/people/")
    page.keyboard.press("g")
    page.keyboard.press("i")
    expect(page).to_have_url(f"{live_stack.web_url}/items/")
    page.wait_for_load_state()
    page.keyboard.press("/")
    expect(page.locator("#filter-text")).to_be_focused()
    page.keyboard.type("q?")
    expect(page.locator("#filter-text")).to_have_value("q?")
    page.keyboard.press("Control+k")
    menu = page.get_by_role("dialog", name="Search or jump to")
    field = menu.get_by_role("combobox")
    expect(field).to_be_focused()
    expect(menu.get_by_role("group", name="Actions")).to_be_visible()
    page.keyboard.type("alder dental")
    expect(menu.get_by_role("group", name="Customers").get_by_role("option").first).to_contain_text("Alder")
    expect(page.locator("#jump-said")).to_contain_text("matches")
    assert accessibility_violations(page) == []
    first = menu.locator("[aria-selected=true]")
    expect(first).to_contain_text("Managed services for 24 seats")
    page.keyboard.press("ArrowDown")
    expect(menu.locator("[aria-selected=true]")).to_have_text("Alder Dental Group1 quote")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Alder Dental Group")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("new quote")
    assert accessibility_violations(page) == []
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    # Enter before the answer is there opens the first entry of the answer.
    page.keyboard.press("/")
    page.keyboard.type("> person")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{live_stack.web_url}/people/new")
