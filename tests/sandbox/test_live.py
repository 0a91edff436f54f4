"""The pages in a real browser: live through HTMX, readable at every width, usable by keyboard and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.sandbox.rest_api import Api, Deal, attachment, deal, item_fields
from tests.support.browser import accessibility_violations

pytestmark = pytest.mark.browser

COMMAND = "Autotask/AutotaskExtend/ExecuteCommand.aspx"


def address(api: Api, path: str = "") -> str:
    return f"{api.tenant.sandbox_url}/tenants/{api.tenant.code}{path}"


@pytest.fixture
def made(api: Api) -> Deal:
    """An opportunity with a quote of two lines and a file."""
    made = deal(
        api, title="Wide office with a rather long title that has to wrap somewhere", useQuoteTotals=True
    )
    api.create(made.items, **item_fields(api, name="Firewall", unitPrice="1234.5678", quantity=3))
    api.create(made.items, **item_fields(api, name="Perhaps", sortOrderID=2, isOptional=True))
    api.create(f"/Opportunities/{made.opportunity}/Attachments", **attachment(b"%PDF-1.7"))
    return made


def test_a_new_opportunity_and_its_calls_appear_by_themselves(api: Api, browser_page: Page) -> None:
    browser_page.goto(address(api))
    expect(browser_page.get_by_text("No calls yet.")).to_be_visible()
    made = deal(api, title="Appears by itself")
    expect(browser_page.get_by_role("link", name="Appears by itself")).to_be_visible()
    expect(browser_page.locator("#calls tbody tr").filter(has_text="POST /Quotes")).to_be_visible()
    api.change("/Opportunities", made.opportunity, title="Has another title")
    expect(browser_page.get_by_role("link", name="Has another title")).to_be_visible()


def test_lines_and_totals_of_an_open_quote_appear_by_themselves(
    api: Api, made: Deal, browser_page: Page
) -> None:
    browser_page.goto(address(api, f"/Opportunities/{made.opportunity}"))
    expect(browser_page.get_by_role("row", name="Firewall")).to_contain_text("3,703.70")
    api.create(made.items, **item_fields(api, name="Arrives later", sortOrderID=9, unitPrice="96.30"))
    expect(browser_page.get_by_role("row", name="Arrives later")).to_be_visible()
    expect(browser_page.locator(".totals")).to_contain_text("3,800.00")
    expect(browser_page.get_by_role("row", name="Amount 3,800.00")).to_be_visible()


def test_records_lists_and_counts_appear_by_themselves(api: Api, made: Deal, browser_page: Page) -> None:
    browser_page.goto(address(api))
    count = browser_page.locator("#entities a").filter(has_text="QuoteItems")
    expect(count).to_have_text("QuoteItems 2")
    api.create(made.items, **item_fields(api, name="Third", sortOrderID=3))
    expect(count).to_have_text("QuoteItems 3")
    browser_page.goto(address(api, f"/Companies/{made.company}"))
    api.change("/Companies", made.company, city="Austin")
    expect(browser_page.locator("#record")).to_contain_text("Austin")
    second = api.create(f"/Companies/{made.company}/Contacts", firstName="Ola", lastName="Berg", isActive=1)
    expect(browser_page.get_by_role("link", name="Ola Berg")).to_be_visible()
    browser_page.goto(address(api, "/Contacts?q=ola"))
    expect(browser_page.locator("tbody tr")).to_have_count(1)
    api.change(f"/Companies/{made.company}/Contacts", second, lastName="Strand")
    expect(browser_page.get_by_role("link", name="Ola Strand")).to_be_visible()


def test_a_record_that_did_not_change_is_left_alone(api: Api, made: Deal, browser_page: Page) -> None:
    """Also while others do: what a person opened stays open."""
    browser_page.goto(address(api, f"/Products/{api.names('Products', 'id')[5]}"))
    browser_page.get_by_text("empty fields").click()
    for name in ("One", "Two"):
        api.change("/Companies", made.company, companyName=name)
        with browser_page.expect_response(lambda answer: "_live" in answer.url) as waited:
            pass
        assert waited.value.status == 204
    expect(browser_page.locator("details")).to_have_attribute("open", "")


def test_calls_of_nobody_are_on_the_first_page(api: Api, browser_page: Page) -> None:
    browser_page.goto(api.tenant.sandbox_url)
    code = f"mistyped-{api.tenant.code}"
    api.call("GET", f"/Companies/{int(api.tenant.code[-6:], 16)}", headers={"ApiIntegrationCode": code})
    row = browser_page.get_by_role("row").filter(has_text=f"Companies/{int(api.tenant.code[-6:], 16)}")
    expect(row).to_contain_text("The API integration code is invalid.")
    assert accessibility_violations(browser_page) == []


def test_what_did_not_change_is_left_alone(api: Api, made: Deal, browser_page: Page) -> None:
    """A person who walks through the page by keyboard is not thrown out of it by every look for news."""
    browser_page.goto(address(api))
    link = browser_page.get_by_role("link", name="Wide office")
    link.focus()
    for _ in range(3):
        with browser_page.expect_response(lambda answer: "_opportunities" in answer.url) as waited:
            pass
        assert waited.value.status == 204
    expect(link).to_be_focused()
    browser_page.keyboard.press("Enter")
    expect(browser_page.get_by_role("heading", level=1)).to_contain_text("Wide office")


def test_a_call_opens_with_what_was_said(api: Api, browser_page: Page) -> None:
    api.refused("POST", "/Companies", {"companyName": "Half"})
    browser_page.goto(address(api))
    browser_page.get_by_role("link", name="POST /Companies").first.click()
    expect(browser_page.locator("pre").first).to_contain_text('"companyName": "Half"')
    expect(browser_page.locator("pre").last).to_contain_text("Missing Required Field: phone.")


def test_relations_lead_from_record_to_record(api: Api, made: Deal, browser_page: Page) -> None:
    browser_page.goto(address(api, f"/QuoteItems/{api.call('GET', made.items).json()['items'][0]['id']}"))
    browser_page.get_by_role("link", name="Office hardware").click()
    browser_page.get_by_role("link", name="Wide office").click()
    browser_page.get_by_role("link", name="Nimbus Ltd").click()
    expect(browser_page.get_by_role("link", name="Nora Quist")).to_be_visible()


def test_a_list_can_be_searched(api: Api, browser_page: Page) -> None:
    browser_page.goto(address(api, "/Products"))
    browser_page.get_by_role("searchbox").fill("fortigate 60f")
    browser_page.keyboard.press("Enter")
    expect(browser_page.locator("tbody tr")).to_have_count(3)


PAGES = [
    *("", "/Opportunities/{opportunity}", "/Quotes/{quote}", "/Products", "/Products?q=none-has-this"),
    *("/calls/1", "/Nonsense", f"/{COMMAND}?Code=OpenAccount&Phone=1"),
]


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_fits_its_width_and_is_accessible(
    api: Api, made: Deal, browser_page: Page, width: int
) -> None:
    browser_page.set_viewport_size({"width": width, "height": 900})
    for path in PAGES:
        browser_page.goto(address(api, path.format(opportunity=made.opportunity, quote=made.quote)))
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert accessibility_violations(browser_page) == [], path


def test_pages_are_whole_without_scripts(api: Api, made: Deal, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address(api))
    page.get_by_role("link", name="Wide office").click()
    expect(page.get_by_role("row", name="Firewall")).to_be_visible()
    context.close()
