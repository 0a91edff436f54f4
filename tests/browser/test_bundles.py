"""A bundle in the sheet: it is put together, added, folded and edited as one line."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from stack import Stack
from tests.browser.people import REP_EMAIL, choose, come_in, entered, open_quote
from tests.support.browser import accessibility_violations

pytestmark = pytest.mark.browser


def test_a_bundle_is_put_together_added_folded_and_edited(live_stack: Stack, browser_page: Page) -> None:
    page = browser_page
    rep = come_in(page, live_stack, REP_EMAIL)
    for name, price in (("Desk kit", "90"), ("Desk lamp", "60"), ("Desk mat", "40")):
        rep.open("/items/new")
        rep.send(rep.form(having="unit_cost"), {"name": name, "unit_price": price, "unit_cost": "20"})
    open_quote(page, live_stack, {"name": "Cable", "unit_price": "10"})
    quote = page.url

    page.goto(f"{live_stack.web_url}/items/?q=desk+kit")
    page.get_by_role("link", name="Desk kit").click()
    page.get_by_role("link", name="Make it a bundle of other items").click()
    for name in ("Desk lamp", "Desk mat"):
        page.get_by_label("Add a part").fill(name)
        page.get_by_label("Add a part").press("Enter")
        expect(page.get_by_role("rowheader", name=name)).to_be_visible()
    page.get_by_role("button", name="Move Desk mat up").click()
    expect(page.locator("tbody th").first).to_have_text("Desk mat")
    page.get_by_label("A fixed price").check()
    page.get_by_label("Fixed price", exact=True).fill("90")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    assert accessibility_violations(page) == []

    page.goto(quote)
    page.get_by_role("searchbox", name="Add a line").fill("desk kit")
    page.locator("button.choice", has_text="Desk kit").first.click()
    # By its id, since a row that is entered has no text.
    found = page.locator(".line").filter(has=page.locator("[data-fold]"))
    kit = page.locator(f"#{found.get_attribute('id')}")
    expect(kit.locator(".line-second")).to_contain_text("fixed price, saves $10.00 each")
    expect(kit.locator(".part-amount")).to_have_text(["included", "included"])
    assert [box["height"] for row in kit.locator(".part-row").all() if (box := row.bounding_box())] == [
        28,
        28,
    ]
    assert accessibility_violations(page) == []

    fold = kit.get_by_role("button", name="2 parts")
    fold.click()
    expect(kit.locator(".part-row").first).to_be_hidden()
    quantity = entered(kit, "Quantity")
    quantity.fill("3")
    quantity.press("Enter")
    expect(kit.locator(".amount")).to_have_text("$270.00")
    expect(kit.locator(".part-row").first).to_be_hidden()
    fold.click()
    expect(kit.locator(".part-row").first).to_be_visible()
    kit.get_by_role("link", name="Desk lamp").click()
    expect(page).to_have_url(re.compile(r"/parts#part-"))
    page.get_by_role("button", name="Remove Desk lamp").click()
    expect(page.get_by_role("rowheader")).to_have_text(["Desk mat"])
    page.get_by_role("link", name="Back to the quote").click()
    expect(kit.locator(".part-row")).to_have_count(1)
    choose(kit, "Delete")
    expect(page.locator(".part-row")).to_have_count(0)
    page.get_by_role("button", name="Undo").first.click()
    expect(kit.locator(".part-row")).to_have_count(1)
