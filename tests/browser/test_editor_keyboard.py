"""The editor by keyboard: the focus is seen and stays near, and each change is told once and shortly."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from stack import Stack
from tests.browser.people import REP_EMAIL, choose, entered, open_quote, sign_in

pytestmark = pytest.mark.browser
MAX_STOPS = 14


@pytest.fixture
def editor(live_stack: Stack, browser_page: Page) -> Page:
    """The rep on a new quote with three lines, in a low window."""
    page = browser_page
    page.set_viewport_size({"width": 1280, "height": 640})
    open_quote(page, live_stack, *({"name": name} for name in ("Cable", "Rack", "Shelf")))
    return page


def line(page: Page, number: int) -> Locator:
    return page.locator(".line").nth(number - 1)


def test_custom_items_are_entered_one_after_the_other(live_stack: Stack, browser_page: Page) -> None:
    page = browser_page
    sign_in(page, live_stack, REP_EMAIL)
    page.locator("a.btn", has_text="New quote").click()
    page.get_by_role("button", name="Tom Brennan").click()
    for name, price in (("Firewall", "100"), ("Care", "25")):
        page.get_by_role("searchbox", name="Add a line").fill(name)
        page.get_by_role("button", name="as a custom item").click()
        added = page.locator(".line").last
        expect(added.get_by_label("Item")).to_have_value(name)
        expect(added.get_by_label("Price")).to_be_focused()
        added.get_by_label("Price").fill(price)
        added.get_by_label("Price").press("Tab")
        expect(added.locator(".amount")).to_have_text(f"${price}.00")
    first, last = page.locator(".line").first, page.locator(".line").last
    entered(first, "Description").fill("Point 1\nPoint 2")
    entered(last, "Billing period").select_option("monthly")
    entered(last, "Optional").check()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published as quote")).to_be_visible()


def test_the_focus_is_never_under_the_bar_and_a_line_has_few_stops(editor: Page) -> None:
    page = editor
    page.emulate_media(reduced_motion="reduce")  # so that nothing is still scrolling when it is looked at
    entered(line(page, 1), "Item").focus()
    hidden, stops = [], 0
    for _ in range(60):
        where = page.evaluate(
            """() => {
              const at = document.activeElement, bar = document.querySelector(".editor-bar");
              const box = at.getBoundingClientRect(), top = bar.getBoundingClientRect().top;
              return {
                name: at.id || at.name || at.textContent.trim().slice(0, 30),
                under: !bar.contains(at) && box.bottom > top + 1 && box.height < top,
                first: document.querySelector(".line").contains(at),
              };
            }"""
        )
        stops += where["first"]
        if where["under"]:
            hidden.append(where["name"])
        page.keyboard.press("Tab")
    assert hidden == []
    assert stops < MAX_STOPS


def test_delete_offers_undo_and_the_focus_stays_near(editor: Page) -> None:
    page = editor
    entered(line(page, 2), "Cost").fill("4")
    line(page, 2).get_by_label("Cost").press("Tab")
    expect(page.locator("#said")).to_contain_text("Saved.")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+F10")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    undo = page.get_by_role("button", name="Undo", exact=True)
    expect(undo).to_be_focused()
    expect(page.locator("#said")).to_have_text("Line 2 deleted.")
    page.keyboard.press("Enter")
    expect(line(page, 2).locator(".line-name")).to_have_text("Rack")
    expect(line(page, 2).locator(".cell-name")).to_be_focused()
    expect(entered(line(page, 2), "Cost")).to_have_value("4.00")
    expect(page.locator(".line")).to_have_count(3)


def test_copy_and_move_keep_the_focus_near(editor: Page) -> None:
    page = editor
    line(page, 1).locator(".cell-name").focus()
    page.keyboard.press("Control+D")
    expect(line(page, 2).locator(".cell-name")).to_be_focused()
    expect(page.locator("#said")).to_have_text("Copied to line 2.")
    choose(line(page, 3), "Move to")
    position = page.get_by_label("Move to line")
    position.fill("1")
    position.press("Enter")
    expect(line(page, 1).locator(".line-name")).to_have_text("Rack")
    expect(line(page, 1).locator(".cell-name")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Alt+ArrowUp")
    expect(line(page, 1).locator(".line-name")).to_have_text("Cable")
    expect(line(page, 1).locator(".cell-name")).to_be_focused()


def test_an_error_is_marked_and_told_when_it_comes_and_when_it_goes(editor: Page) -> None:
    page = editor
    price = entered(line(page, 1), "Price")
    price.fill("3l2")
    price.press("Tab")
    expect(price).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#said")).to_contain_text("Not saved. Enter a number")
    price.fill("32")
    price.press("Tab")
    expect(price).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("#said")).to_have_text("Saved. One-time $32.00")
    assert page.locator("#totals[aria-live]").count() == 0


@pytest.mark.parametrize(
    ("typed", "kind", "shown", "stored"),
    [("10", "percent", "10", "percent"), ("5%", "line", "5", "percent"), ("2", "unit", "2", "unit")],
)
def test_a_discount_has_the_unit_that_stands_there_or_was_typed(
    editor: Page, typed: str, kind: str, shown: str, stored: str
) -> None:
    page = editor
    first = line(page, 1)
    entered(first, "Price").fill("100")
    first.get_by_label("Discount type").select_option(kind)
    first.get_by_label("Discount", exact=True).fill(typed)
    first.get_by_label("Discount", exact=True).press("Tab")
    off = {"percent": f"${int(shown)}.00 off", "unit": "$2.00 off"}[stored]
    expect(first.locator(".margin")).to_contain_text(off)
    expect(entered(first, "Discount")).to_have_value(shown)
    expect(first.get_by_label("Discount type")).to_have_value(stored)
    page.reload()
    expect(entered(first, "Discount type")).to_have_value(stored)
