"""Two people in one quote: both see each other's changes, and nothing is overwritten without a word."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from stack import Stack
from tests.browser.people import ADMIN_EMAIL, come_in, entered, open_quote
from tests.support.browser import accessibility_violations

pytestmark = pytest.mark.browser


@pytest.fixture
def two(live_stack: Stack, browser_page: Page) -> tuple[Page, Page]:
    """The rep and the admin on the same new quote with one line of 10.00."""
    page = browser_page
    open_quote(page, live_stack, {"name": "Cable", "unit_price": "10"})
    browser = page.context.browser
    assert browser
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    other = context.new_page()
    come_in(other, live_stack, ADMIN_EMAIL)
    other.goto(page.url)
    page.context.on("close", lambda _: context.close())
    return page, other


def enter(page: Page, label: str, value: str) -> None:
    if label in ("Title", "Message to customer"):
        field = page.get_by_label(label, exact=True)
    else:
        field = entered(page.locator(".line"), label)
    field.fill(value)
    field.press("Tab")


def test_different_fields_both_stand_and_show(two: tuple[Page, Page]) -> None:
    page, other = two
    enter(other, "Quantity", "3")
    expect(other.locator(".line .amount")).to_have_text("$30.00")
    enter(page, "Price", "20")
    expect(page.locator(".line .amount")).to_have_text("$60.00")
    expect(entered(page.locator(".line"), "Quantity")).to_have_value("3")
    enter(other, "Title", "New title")
    expect(other.locator(".saved-note")).to_have_text("Saved.")
    enter(page, "Message to customer", "Hello")
    expect(page.locator(".saved-note")).to_have_text("Saved.")
    expect(page.get_by_label("Title")).to_have_value("New title")
    page.reload()
    expect(page.get_by_label("Title")).to_have_value("New title")
    expect(page.get_by_label("Message to customer")).to_have_value("Hello")
    expect(entered(page.locator(".line"), "Quantity")).to_have_value("3")


@pytest.mark.parametrize(("button", "amount"), [("Use mine", "$40.00"), ("Keep theirs", "$30.00")])
def test_the_same_field_is_asked_about_until_a_value_is_chosen(
    two: tuple[Page, Page], button: str, amount: str
) -> None:
    page, other = two
    enter(other, "Quantity", "3")
    expect(other.locator(".line .amount")).to_have_text("$30.00")
    enter(page, "Quantity", "4")
    line = page.locator(".line")
    expect(line).to_contain_text("changed this to “3”. You entered “4”.")
    expect(page.locator("#unsaved")).to_contain_text("1 line not saved")
    enter(page, "Item", "Better cable")
    expect(line).to_contain_text("changed this to “3”. You entered “4”.")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("#unsaved")).to_contain_text("Not published.")
    page.get_by_role("button", name=button).click()
    expect(line.locator(".amount")).to_have_text(amount)
    expect(page.locator("#unsaved")).not_to_contain_text("not saved")
    expect(entered(page.locator(".line"), "Quantity")).to_have_value("4" if button == "Use mine" else "3")
    expect(entered(page.locator(".line"), "Item")).to_have_value("Better cable")


def test_publishing_names_what_a_colleague_changed_and_asks(two: tuple[Page, Page]) -> None:
    page, other = two
    enter(other, "Price", "1")
    expect(other.locator(".line .amount")).to_have_text("$1.00")
    page.get_by_role("button", name="Publish").click()
    alert = page.get_by_role("alert").filter(has_text="wasn't published yet")
    expect(alert).to_contain_text("changed this quote after you opened it")
    expect(alert).to_contain_text("Cable, price: 10 → 1")
    expect(page.locator("[data-focus]")).to_be_focused()
    expect(entered(page.locator(".line"), "Price")).to_have_value("1.00")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published as quote")).to_be_visible()


def test_both_see_that_the_other_is_there(two: tuple[Page, Page]) -> None:
    page, other = two
    # The other one came later, and finds the rep; the rep is told within seconds.
    expect(other.locator("#here")).to_have_text("Robin Alvarez is editing too")
    expect(page.get_by_role("status").filter(has_text="is editing too")).to_be_visible()
    assert accessibility_violations(page) == []
