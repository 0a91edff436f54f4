"""Every page of the quoting desk, wide and narrow: no overflow, and no complaint from axe."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from stack import Stack
from tests.browser.people import ADMIN_EMAIL, REP_EMAIL, come_in, sign_in
from tests.support.browser import accessibility_violations

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = (
    "/",
    "/quotes/",
    "/quotes/new",
    "/people/",
    "/people/1",
    "/people/organizations",
    "/people/organizations/1",
    "/items/",
    "/items/1",
    "/items/categories",
    "/items/tax-codes",
)
NARROW, WIDE = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


def sticks_out(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider


def look(page: Page, address: str) -> list[str]:
    """The problems of a page at both widths."""
    wrong = []
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.goto(address)
        expect(page.locator("h1").first).to_be_visible()
        if sticks_out(page) > 0:
            wrong.append(f"{address} sticks out by {sticks_out(page)} px at {size['width']} px")
        wrong += [f"{address} at {size['width']} px: {one}" for one in accessibility_violations(page)]
    return wrong


def test_pages_of_the_rep(live_stack: Stack, browser_page: Page) -> None:
    page = browser_page
    come_in(page, live_stack, REP_EMAIL)
    page.goto(f"{live_stack.web_url}/quotes/")
    # One quote of each stage: they show different things.
    quotes = {
        row.locator(".badge").first.inner_text(): _address(row.locator("a[data-open]"))
        for row in page.locator(".list tbody tr").all()
    }
    assert len(quotes) > 3
    wrong = [line for path in (*PAGES, *quotes.values()) for line in look(page, live_stack.web_url + path)]
    assert wrong == []


def _address(link: Locator) -> str:
    address = link.get_attribute("href")
    assert address
    return address


ZOOMED = ({"width": 720, "height": 450}, {"width": 640, "height": 400}, {"width": 480, "height": 300})


@pytest.mark.parametrize("size", ZOOMED, ids=["200 %", "225 %", "300 %"])
def test_nothing_in_the_head_is_cut_when_zoomed(
    live_stack: Stack, browser_page: Page, size: dict[str, int]
) -> None:
    page = browser_page
    come_in(page, live_stack, ADMIN_EMAIL)
    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.goto(f"{live_stack.web_url}/quotes/")
    assert sticks_out(page) <= 0
    for name in ("Home", "Quotes", "People", "Items", "Activity", "Settings"):
        link = page.locator(".topbar-nav").get_by_role("link", name=name, exact=True)
        expect(link).to_be_in_viewport(ratio=1)
    cut = page.locator(".topbar-nav").evaluate("nav => nav.scrollWidth - nav.clientWidth")
    assert cut <= 0


def test_pages_of_the_customer(live_stack: Stack, browser_page: Page) -> None:
    page = browser_page
    come_in(page, live_stack, REP_EMAIL)
    page.goto(f"{live_stack.web_url}/quotes/")
    page.get_by_role("link", name="Managed services for 24 seats").click()
    link = page.locator("a[href^='/q/']").get_attribute("href")
    page.context.clear_cookies()
    assert look(page, f"{live_stack.web_url}{link}") == []
    assert look(page, f"{live_stack.web_url}/login") == []


def test_a_quote_is_created_without_a_mouse(live_stack: Stack, browser_page: Page) -> None:
    """From the list to a published quote with the keyboard alone."""
    page = browser_page
    sign_in(page, live_stack, REP_EMAIL)
    page.locator("a.btn", has_text="New quote").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#customer-text")).to_be_focused()
    page.keyboard.type("Okafor")
    choice = page.locator("#customers .choice").first
    expect(choice).to_contain_text("Maya Okafor")
    page.keyboard.press("Tab")
    expect(choice).to_be_focused()
    page.keyboard.press("Enter")
    box = page.get_by_role("searchbox", name="Add a line")
    expect(box).to_be_visible()
    box.focus()
    page.keyboard.type("Latitude 5550")
    expect(page.locator("#found .choice").first).to_contain_text("Dell Latitude 5550")
    page.keyboard.press("Enter")
    expect(page.locator(".line")).to_have_count(1)
    expect(box).to_be_focused()
    page.keyboard.type("Desk side visit")
    page.keyboard.press("Enter")
    expect(page.locator(".line")).to_have_count(2)
    expect(page.locator(".line").last.get_by_label("Price")).to_be_focused()
    page.keyboard.type("95")
    page.keyboard.press("Tab")
    expect(page.locator(".line").last.locator(".amount")).to_have_text("$95.00")
    page.get_by_role("button", name="Publish").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Published as quote")).to_be_visible()
