"""The editor on a slow network: early input isn't lost, and running requests block nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from stack import Stack
from tests.browser.people import entered, open_quote

pytestmark = pytest.mark.browser


def hold(page: Page, address: str) -> list[Route]:
    """Hold every request to ``address``; returns the held requests."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(address, keep)
    return held


@pytest.fixture
def editor(live_stack: Stack, browser_page: Page) -> Page:
    """The rep on a new quote without lines."""
    open_quote(browser_page, live_stack)
    return browser_page


def test_publishing_does_not_wait_for_an_outdated_search(editor: Page) -> None:
    page = editor
    held = hold(page, "**/find/autotask*")
    page.get_by_role("searchbox", name="Add a line").fill("Cable by the metre")
    page.get_by_role("button", name="as a custom item").click()
    line = page.locator(".line")
    expect(line).to_have_count(1)
    assert held, "the search in Autotask is under way"
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published as quote")).to_be_visible()


def test_the_next_line_may_be_typed_while_the_last_one_is_on_its_way(editor: Page) -> None:
    page = editor
    box = page.get_by_role("searchbox", name="Add a line")
    held = hold(page, "**/lines")
    box.fill("Latitude 5550")
    expect(page.locator("#found .choice").first).to_contain_text("Dell Latitude 5550")
    box.press("Enter")
    expect(box).to_have_value("")
    page.keyboard.type("Desk side visit")
    # The results for the next line replace the first results.
    expect(page.locator("#found .choice").first).to_contain_text("Desk side visit")
    assert len(held) == 1, "the first line is on its way"
    held[0].continue_()
    expect(page.locator(".line")).to_have_count(1)
    expect(box).to_have_value("Desk side visit")
    expect(box).to_be_focused()
    page.unroute("**/lines")
    page.keyboard.press("Enter")
    expect(page.locator(".line")).to_have_count(2)
    expect(page.locator(".line").last.get_by_label("Item")).to_have_value("Desk side visit")
    expect(page.locator(".line").last.get_by_label("Price")).to_be_focused()


def test_enter_before_anything_is_found_adds_what_was_typed(editor: Page) -> None:
    page = editor
    box = page.get_by_role("searchbox", name="Add a line")
    hold(page, "**/find?q=*")
    box.press("Enter")
    page.keyboard.type("Latitude 5550")
    page.keyboard.press("Enter")
    page.unroute("**/find?q=*")
    expect(page.locator(".line")).to_have_count(1)
    expect(page.locator(".line").first.locator(".line-name")).to_have_text("Dell Latitude 5550")


def test_a_line_that_could_not_be_added_comes_back_into_the_box(editor: Page) -> None:
    page = editor
    box = page.get_by_role("searchbox", name="Add a line")
    box.fill("Latitude 5550")
    expect(page.locator("#found .choice").first).to_contain_text("Dell Latitude 5550")
    page.context.set_offline(True)
    box.press("Enter")
    expect(page.get_by_text("We couldn't reach the server")).to_be_visible()
    expect(box).to_have_value("Latitude 5550")
    page.context.set_offline(False)
    box.press("Enter")
    expect(page.locator(".line")).to_have_count(1)


def test_publishing_waits_for_what_was_typed_last(editor: Page) -> None:
    page = editor
    page.get_by_role("searchbox", name="Add a line").fill("Cable by the metre")
    page.get_by_role("button", name="as a custom item").click()
    line = page.locator(".line")
    expect(line.get_by_label("Price")).to_be_focused()
    held = hold(page, "**/lines/*")
    line.get_by_label("Price").fill("12.50")
    # Leaving the field saves it; the click comes while the save is running.
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Ready to publish")).to_be_visible()
    assert held, "the price is on its way"
    held[0].continue_()
    page.unroute("**/lines/*")
    expect(page.get_by_text("Published as quote")).to_be_visible()
    expect(page.locator(".line .amount")).to_have_text("$12.50")
    expect(page.get_by_text("Customer sees revision 1")).to_be_visible()


def test_a_refused_price_is_not_published(editor: Page) -> None:
    page = editor
    page.get_by_role("searchbox", name="Add a line").fill("Cable by the metre")
    page.get_by_role("button", name="as a custom item").click()
    line = page.locator(".line")
    expect(line.get_by_label("Price")).to_be_focused()
    line.get_by_label("Price").fill("12,50")
    page.get_by_role("button", name="Publish").click()
    expect(line.get_by_text("Use a period for decimals, for example 12.50.")).to_be_visible()
    expect(page.get_by_role("button", name="Publish", exact=True)).to_be_visible()
    assert page.get_by_text("Published as quote").count() == 0


def test_what_was_typed_before_the_script_was_there_is_looked_for(editor: Page) -> None:
    page = editor
    held = hold(page, "**/htmx.min.js")
    page.goto(page.url, wait_until="commit")
    page.get_by_role("searchbox", name="Add a line").fill("Latitude 5550")
    assert held, "the script is on its way"
    held[0].continue_()
    expect(page.locator("#found .choice").first).to_contain_text("Dell Latitude 5550")


def test_an_answer_changes_the_row_around_what_is_typed_meanwhile(
    live_stack: Stack, browser_page: Page
) -> None:
    page = browser_page
    open_quote(page, live_stack, {"name": "Cable", "unit_price": "10", "unit_cost": "4"})
    held = hold(page, "**/lines/*")
    line = page.locator(".line")
    price, discount = entered(line, "Price"), line.get_by_label("Discount", exact=True)
    price.fill("20")
    with page.expect_request("**/lines/*"):
        price.press("Tab")
    page.keyboard.type("12")
    page.keyboard.press("ArrowLeft")
    held[0].continue_()
    expect(line.locator(".amount")).to_have_text("$20.00")
    expect(line.get_by_label("Margin", exact=True)).to_have_value("80")
    # The caret stays where it was, too.
    page.keyboard.press("Delete")
    page.keyboard.type("5")
    expect(discount).to_have_value("15")
    with page.expect_request("**/lines/*"):
        page.keyboard.press("Tab")
    # The next save waits behind that one, and isn't forgotten when its answer comes.
    quantity = line.get_by_label("Quantity", exact=True)
    quantity.fill("3")
    quantity.press("Tab")
    with page.expect_request("**/lines/*"):
        held[1].continue_()
    expect(line.locator(".amount")).to_have_text("$17.00")
    held[2].continue_()
    expect(line.locator(".amount")).to_have_text("$51.00")
    expect(page.locator("#unsaved")).not_to_contain_text("not saved")
