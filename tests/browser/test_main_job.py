"""The main job with a mouse: connect, map six sections, create a quote, publish, and see the push succeed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from smoke.autotask import Credentials, Reader
from stack import Stack
from tests.browser.people import sign_in

CODE, USER, SECRET = "SANDBOX-DEMO", "api@demo.example", "sandbox-secret"
SECTIONS = ("company", "opportunity", "quote_status", "products_services", "item_category")
PUSHED_WITHIN_MS = 60_000

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def connect(page: Page) -> None:
    page.get_by_role("link", name="Settings", exact=True).click()
    page.get_by_role("link", name="Integrations").first.click()
    expect(page.get_by_role("heading", name="Professional Services Automation (PSA)")).to_be_visible()
    page.get_by_role("link", name="Add Datto Autotask PSA").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("API user").fill(USER)
    dialog.get_by_label("Secret").fill("wrong")
    dialog.get_by_label("Integration code").fill(CODE)
    dialog.get_by_role("button", name="Connect to Autotask PSA").click()
    expect(dialog.get_by_label("Secret")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Secret").fill(SECRET)
    dialog.get_by_role("button", name="Connect to Autotask PSA").click()
    expect(page.get_by_text("Autotask is connected.")).to_be_visible()


def map_sections(page: Page) -> None:
    page.get_by_role("button", name="Require organization and phone").click()
    page.locator("#company-company_type").select_option(label="Customer")
    page.locator("#opportunity-stage").select_option(label="Quote Sent")
    page.locator("#opportunity-status").select_option(label="Active")
    page.locator("#quote_status-accepted-status").select_option(label="Closed")
    page.locator("#products_services-shipping_type_id").select_option(label="Ground")
    page.locator("#section-item_category .category-edit").last.click()
    page.locator("[id^=item_category-rule-][id$=-is_labor]").last.select_option("yes")
    for name in SECTIONS:
        page.locator(f"#save-{name}").click()
        section = page.locator(f"#section-{name}")
        expect(section.get_by_text("Draft saved.")).to_be_visible()
        expect(section).to_have_attribute("data-state", "draft")


def map_taxes(page: Page) -> None:
    """In a second tab; back on the settings page, the mapping shows without a reload."""
    page.locator("#opportunity-probability").fill("61")
    with page.expect_popup() as opened:
        page.locator("#open-tax-codes").click()
    tab = opened.value
    tab.locator("#tax-default_region_id").select_option(label="New York")
    for control in tab.locator("[id$=-tax_category_id]").all():
        control.select_option(label="Hardware Goods")
    tab.get_by_role("button", name="Save Tax Mapping").click()
    expect(tab.get_by_text("To make it live, press Save Integration")).to_be_visible()
    tab.close()
    expect(page.locator("#section-tax_code")).to_contain_text("Hardware Goods")
    expect(page.locator("#opportunity-probability")).to_have_value("61")


def save_integration(page: Page) -> None:
    page.get_by_role("button", name="Save Integration").click()
    expect(page.get_by_text("Version 1 is now live")).to_be_visible()
    for name in (*SECTIONS, "tax_code"):
        expect(page.locator(f"#section-{name}")).to_have_attribute("data-state", "active")


def offer(page: Page) -> None:
    page.get_by_role("link", name="Quotes", exact=True).click()
    page.locator("a.btn", has_text="New quote").click()
    page.locator("#customer-text").fill("a")
    page.locator("#customers .choice").first.click()
    find = page.get_by_role("searchbox", name="Add a line")
    find.fill("Patch panel by hand")
    page.get_by_role("button", name="as a custom item").click()
    line = page.locator(".line").last
    expect(line.get_by_label("Price")).to_be_focused()
    line.get_by_label("Quantity").fill("3")
    line.get_by_label("Price").fill("19.99")
    line.get_by_label("Price").press("Tab")
    expect(line.locator(".amount")).to_have_text("$59.97")
    find.fill("Managed Server")
    from_autotask = page.locator("#found-autotask .choice").first
    expect(from_autotask).to_be_visible()
    from_autotask.click()
    expect(page.locator(".line")).to_have_count(2)


def test_from_connecting_to_a_push_that_shows_as_done(live_stack: Stack, browser_page: Page) -> None:
    page = browser_page
    sign_in(page, live_stack)
    connect(page)
    map_sections(page)
    map_taxes(page)
    save_integration(page)
    offer(page)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published as quote")).to_be_visible()
    panel = page.locator("[data-status]")
    expect(panel).to_have_attribute("data-status", "synced", timeout=PUSHED_WITHIN_MS)
    reader = Reader(Credentials(live_stack.autotask_root, USER, SECRET, CODE))
    number = page.get_by_text("Published as quote").inner_text().split()[3].rstrip(",")
    quote = reader.first("Quotes", ("externalQuoteNumber", "eq", number))
    assert quote
    items = reader.query("QuoteItems", ("quoteID", "eq", quote["id"]))
    assert {item["name"]: Decimal(item["unitPrice"]) for item in items}["Patch panel by hand"] == Decimal(
        "19.99"
    )
    opportunity = reader.first("Opportunities", ("id", "eq", quote["opportunityID"]))
    assert opportunity
    assert opportunity["onetimeRevenue"] == Decimal("59.97")
    assert opportunity["probability"] == 61
