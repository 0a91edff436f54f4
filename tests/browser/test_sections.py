"""Sections in the sheet: lines go into them, they fold, and the customer chooses from them."""

from __future__ import annotations

import io
import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pypdf import PdfReader

from stack import Stack
from tests.browser.people import choose, entered, open_quote
from tests.support.browser import accessibility_violations

pytestmark = pytest.mark.browser


@pytest.fixture
def editor(live_stack: Stack, browser_page: Page) -> Page:
    """The rep on a quote with three lines and two sections, the last line in the last section."""
    page = browser_page
    open_quote(page, live_stack, *({"name": name, "unit_price": "10"} for name in ("Cable", "Rack", "Shelf")))
    page.get_by_text("Add a section").click()
    for title in ("Network", "Furniture"):
        page.get_by_placeholder("Heading, such as").fill(title)
        page.get_by_role("button", name="Add section").click()
        expect(head(page, title)).to_be_visible()
        expect(page.get_by_placeholder("Heading, such as")).to_have_value("")
    put(page, "Shelf", "Furniture")
    return page


def head(page: Page, title: str) -> Locator:
    return page.locator(".section-head").filter(has=page.get_by_text(title, exact=True))


def line(page: Page, name: str) -> Locator:
    """By its id, since a row that is entered has no text."""
    found = page.locator(".line").filter(has=page.get_by_text(name, exact=True))
    return page.locator(f"#{found.get_attribute('id')}")


def put(page: Page, name: str, section: str) -> None:
    choose(line(page, name), "Section…")
    page.locator("#section-choice").select_option(label=section)
    page.locator("#section-dialog").get_by_role("button", name="Move").click()
    expect(
        page.locator(".section-head", has_text=section).locator(f"~ .line:has-text('{name}')")
    ).to_be_visible()


def rows(page: Page) -> list[str]:
    """The names of sections and lines, from the top."""
    return page.locator("#lines :is(.section-edit, .line-name)").all_text_contents()


def test_lines_go_into_sections_by_menu_and_by_key_and_back_by_undo(editor: Page) -> None:
    page = editor
    expect(page.locator(".section-edit, .line-name")).to_have_text(
        ["Cable", "Rack", "Network", "Furniture", "Shelf"]
    )
    put(page, "Cable", "Network")
    expect(page.locator(".section-edit, .line-name")).to_have_text(
        ["Rack", "Network", "Cable", "Furniture", "Shelf"]
    )
    expect(head(page, "Network").locator(".amount")).to_have_text("$10.00")
    cell = line(page, "Cable").locator("[data-cell=name]")
    cell.focus()
    cell.press("Alt+ArrowDown")
    expect(page.locator(".section-edit, .line-name")).to_have_text(
        ["Rack", "Network", "Furniture", "Shelf", "Cable"]
    )
    expect(head(page, "Furniture").locator(".amount")).to_have_text("$20.00")
    page.get_by_role("button", name="Undo").first.click()
    page.get_by_role("button", name="Undo").first.click()
    expect(page.locator(".section-edit, .line-name")).to_have_text(
        ["Cable", "Rack", "Network", "Furniture", "Shelf"]
    )


def test_an_edit_changes_the_subtotal_and_a_folded_section_keeps_it(editor: Page) -> None:
    page = editor
    entered(line(page, "Shelf"), "Quantity").fill("4")
    page.keyboard.press("Enter")
    expect(head(page, "Furniture").locator(".amount")).to_have_text("$40.00")
    fold = head(page, "Furniture").get_by_role("button")
    fold.focus()
    fold.press("Enter")
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(line(page, "Shelf")).to_be_hidden()
    page.reload()
    expect(line(page, "Shelf")).to_be_hidden()
    expect(head(page, "Furniture").locator(".amount")).to_have_text("$40.00")
    assert accessibility_violations(page) == []


def test_on_a_phone_the_customer_compares_chooses_asks_and_prints(editor: Page, browser: Browser) -> None:
    page = editor
    put(page, "Rack", "Furniture")
    head(page, "Furniture").get_by_role("link", name="Furniture").click()
    page.locator(".section-form").get_by_label("The customer", exact=True).select_option("one")
    page.get_by_label("Text under the heading").fill("Either holds it all.")
    page.get_by_role("button", name="Save section").click()
    expect(head(page, "Furniture")).to_contain_text("Customer chooses one")
    assert accessibility_violations(page) == []
    page.get_by_role("button", name="Make default: Rack").click()
    expect(line(page, "Rack")).to_contain_text("Default")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published as quote")).to_be_visible()
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-US")
    context.set_default_timeout(30_000)
    customer = context.new_page()
    base = re.match(r"https?://[^/]+", page.url)
    assert base
    customer.goto(base[0] + (page.locator("a[href^='/q/']").first.get_attribute("href") or ""))
    expect(customer.get_by_role("radio", name="Rack")).to_be_checked()
    customer.get_by_role("radio", name="Shelf").check()
    expect(customer.get_by_role("radio", name="Rack")).not_to_be_checked()
    expect(customer.locator(".offer-aside")).to_contain_text(["Rack"])
    expect(customer.locator("#said")).to_have_text("Shelf selected.")
    expect(customer.get_by_label("Totals")).to_contain_text("$20.00 once")
    expect(customer.get_by_role("link", name="Accept")).to_be_in_viewport()
    assert accessibility_violations(customer) == []
    assert customer.evaluate("document.documentElement.scrollWidth") == 390
    card = customer.locator(".offer-card-plan").filter(has=customer.get_by_role("radio", name="Rack"))
    expect(card.locator(".offer-difference")).to_have_text("The same total")
    customer.locator("summary", has_text="Comment on Cable").click()
    customer.get_by_label("Ask or comment about Cable").fill("How long is it?")
    asked = customer.locator(".talk").filter(has=customer.get_by_label("about Cable"))
    asked.get_by_role("button", name="Send").click()
    expect(customer.locator(".talk-said li", has_text="How long is it?")).to_be_focused()
    expect(customer.get_by_role("radio", name="Shelf")).to_be_checked()
    # On paper: the offer from the first page on, and nothing to press or to discuss.
    printed = [page.extract_text() for page in PdfReader(io.BytesIO(customer.pdf(format="Letter"))).pages]
    assert "Cable" in printed[0]
    assert "Shelf" in "".join(printed)
    for word in ("Comment", "How long is it?", "Accept", "Decline", "Share"):
        assert word not in "".join(printed)
    context.close()
