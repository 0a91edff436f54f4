"""Whoever types while an answer is under way keeps the focus, and every character lands where it was typed."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from stack import Stack
from tests.browser.people import open_quote
from tests.browser.test_slow_network import hold


def test_answers_leave_the_focus_of_a_person_who_types(live_stack: Stack, browser_page: Page) -> None:
    page = browser_page
    open_quote(page, live_stack)
    lines = page.locator(".line")
    for number in range(3):
        page.get_by_role("searchbox", name="Add a line").fill(f"Thing {number}")
        page.get_by_role("button", name="as a custom item").click()
        expect(lines).to_have_count(number + 1)
    first, third = (str(lines.nth(number).get_attribute("id"))[5:] for number in (0, 2))
    price = page.locator(f"[id='{third}-unit_price']")

    def type_while(address: str, act: Callable[[], None], came: Callable[[], None]) -> None:
        held = hold(page, address)
        with page.expect_request(address):
            act()
        page.evaluate("uid => window.sheet.editCell(uid, 'unit_price')", third)
        price.fill("")
        page.keyboard.type("12")
        for route in held:
            route.continue_()
        came()
        page.keyboard.type("34")
        expect(price).to_have_value("1234")
        expect(price).to_be_focused()
        page.unroute(address)

    def move() -> None:
        page.evaluate("uid => window.sheet.focusCell(uid, 'name')", first)
        page.keyboard.press("Alt+ArrowDown")

    type_while("**/move", move, lambda: expect(lines.nth(1)).to_have_id(f"line-{first}"))

    def add_section() -> None:
        page.evaluate(
            """() => {
              const form = document.querySelector('#add-section form');
              form.querySelector('[name=title]').value = 'Cabling';
              form.requestSubmit();
            }"""
        )

    type_while("**/sections", add_section, lambda: expect(page.locator(".section-row")).to_have_count(1))


def test_who_went_back_to_the_box_stays_there_when_the_line_comes(
    live_stack: Stack, browser_page: Page
) -> None:
    page = browser_page
    open_quote(page, live_stack)
    box = page.get_by_role("searchbox", name="Add a line")
    custom = page.get_by_role("button", name="as a custom item")
    box.fill("Rack")
    held = hold(page, "**/lines")
    with page.expect_request("**/lines"):
        custom.click()
    box.focus()
    for route in held:
        route.continue_()
    expect(page.locator(".line")).to_have_count(1)
    page.unroute("**/lines")
    expect(page.locator("#found button")).to_have_count(0)
    expect(box).to_be_focused()
    # Who waits for it gets to its price.
    page.keyboard.type("Shelf")
    custom.click()
    expect(page.locator(".line").nth(1).locator("[name=unit_price]:focus")).to_have_count(1)
