"""Price, margin and markup in the sheet: one is typed, the others follow, in the row and in the opened line."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from stack import Stack
from tests.browser.people import open_quote
from tests.support.browser import accessibility_violations

pytestmark = pytest.mark.browser


def test_what_is_typed_leads_by_keyboard(live_stack: Stack, browser_page: Page) -> None:
    page = browser_page
    open_quote(page, live_stack, {"name": "Rack", "unit_price": "100", "unit_cost": "60"})
    line = page.locator("#lines .line")
    cells = {name: line.locator(f".line-row > [data-label='{name}']") for name in ("Item", "Price", "Margin")}
    cells["Margin"].focus()
    for key in ("2", "5", "Enter"):
        page.keyboard.press(key)
    expect(cells["Price"]).to_have_text("80.00")
    cells["Price"].focus()
    page.keyboard.type("=120*2")
    page.keyboard.press("Enter")
    expect(cells["Price"]).to_have_text("240.00")
    expect(cells["Margin"]).to_have_text("75.0%")
    cells["Item"].focus()
    page.keyboard.press("Enter")
    markup = line.get_by_label("Markup %")
    expect(markup).to_have_value("300")
    markup.fill("50")
    markup.press("Tab")
    expect(cells["Price"]).to_have_text("90.00")
    expect(line.get_by_label("Led by")).to_have_value("markup")
    # An edit of the row is seen in the opened line.
    cells["Price"].focus()
    page.keyboard.type("+10%")
    page.keyboard.press("Enter")
    expect(markup).to_have_value("65")
    expect(line.get_by_label("Led by")).to_have_value("fixed")
    assert accessibility_violations(page) == []
