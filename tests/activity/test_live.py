"""In a real Chromium: the pages follow a push by themselves, and a question is answered by keyboard."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from tests.activity.office import OWNER, PASSWORD, Office
from tests.support.browser import accessibility_violations, let_in

pytestmark = pytest.mark.browser
# The panel looks once a second, on a machine that may be busy with other tests.
SOON_MS = 20_000


@pytest.fixture
def address(office: Office) -> Iterator[str]:
    """The application on a port; the test itself does what the worker would."""
    server = make_server("127.0.0.1", 0, office.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser_page: Page, address: str) -> Page:
    """Signed in as the owner."""
    let_in(browser_page.context, address, OWNER, PASSWORD)
    return browser_page


def test_the_panel_goes_from_queued_to_synced_by_itself(office: Office, page: Page, address: str) -> None:
    quote_id = office.quote()
    page.goto(f"{address}/quotes/{quote_id}")
    panel = page.locator("[data-status]")
    expect(panel).to_have_attribute("data-status", "queued")
    page.evaluate("window.notLoadedAnew = true")
    assert office.process(quote_id) == "synced"
    expect(panel).to_have_attribute("data-status", "synced", timeout=SOON_MS)
    assert panel.get_attribute("hx-trigger") is None, "a settled panel asks no more"
    assert page.evaluate("window.notLoadedAnew") is True
    panel.get_by_role("link", name="Sync log").click()
    expect(page.get_by_role("heading", name="Steps")).to_be_visible()
    assert accessibility_violations(page) == []


def test_a_question_is_answered_by_keyboard(office: Office, page: Page, address: str) -> None:
    like = office.tenant.query("Companies")[0]
    row = {name: like[name] for name in ("companyType", "ownerResourceID", "phone", "isActive")}
    office.tenant.seed(Companies=[{**row, "companyName": "Twins", "city": city} for city in ("Rome", "Oslo")])
    oslo = next(one["id"] for one in office.tenant.state()["Companies"] if one.get("city") == "Oslo")
    quote_id = office.quote(company="Twins")
    assert office.process(quote_id) == "needs_you"
    page.goto(f"{address}/activity/quotes/{quote_id}")
    panel = page.locator("[data-status]")
    expect(panel).to_have_attribute("data-status", "needs_you")
    assert accessibility_violations(page) == []
    panel.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    expect(panel.get_by_label("Oslo")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(panel).to_have_attribute("data-status", "queued")
    assert office.process(quote_id) == "synced"
    expect(panel).to_have_attribute("data-status", "synced", timeout=SOON_MS)
    assert office.tenant.state()["Opportunities"][-1]["companyID"] == oslo


def test_a_new_push_appears_in_the_list_by_itself(office: Office, page: Page, address: str) -> None:
    page.goto(f"{address}/activity/")
    expect(page.get_by_text("No syncs yet")).to_be_visible()
    quote_id = office.quote(title="Late rack")
    assert office.process(quote_id) == "synced"
    expect(page.get_by_role("link", name="Late rack")).to_be_visible(timeout=SOON_MS)
    assert accessibility_violations(page) == []
