"""Preview, pre-flight, drift and links in a real Chromium: htmx does its part, nothing sticks out, axe is content."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from tests.drift.test_comparison import pushed, remote
from tests.support.browser import accessibility_violations
from tests.support.connected_desk import Desk, every_kind
from webapp.models import Quote, TaxCode, db
from webapp.services.autotask.connection import stored_lists

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NARROW, WIDE = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
LINKS = "/settings/integrations/autotask/links"


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    """The desk's application, served over HTTP."""
    stored_lists.refresh(desk.runtime)
    server = make_server("127.0.0.1", 0, desk.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser_page: Page, address: str) -> Page:
    """A page on which the desk's user is signed in."""
    browser_page.goto(f"{address}/login")
    browser_page.get_by_label("Email").fill("rep@demo.example")
    browser_page.get_by_label("Password").fill("a long password")
    browser_page.get_by_role("button", name="Sign in", exact=True).click()
    expect(browser_page.get_by_role("heading", name="Welcome back")).to_be_visible()
    return browser_page


def settled(quote: Quote) -> int:
    """The quote's id; no transaction stays open, which SQLite's writers would wait for."""
    quote_id = quote.id
    db.session.rollback()
    return quote_id


def wrong_with(page: Page) -> list[str]:
    """What is wrong with the open page at both widths."""
    found = []
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wider > 0:
            found.append(f"sticks out by {wider} px at {size['width']} px")
        found += accessibility_violations(page)
    return found


def test_the_editor_tells_what_would_stop_the_push(desk: Desk, page: Page, address: str) -> None:
    tax = TaxCode(name="VAT 20 %", rate=Decimal(20))
    db.session.add(tax)
    db.session.commit()
    quote_id = settled(desk.quote({"name": "Odd", "tax_code_id": tax.id}))
    page.goto(f"{address}/quotes/{quote_id}")
    expect(page.locator("#preflight")).to_contain_text("which isn't mapped to Autotask")
    assert wrong_with(page) == []
    page.locator("#preflight").get_by_role("link", name="Map tax codes").click()
    expect(page.locator("h1")).to_contain_text("Tax")


def test_the_preview_of_a_changed_quote(desk: Desk, page: Page, address: str) -> None:
    quote = pushed(desk, *every_kind(desk))
    quote.lines[0].unit_price = Decimal(1200)
    db.session.commit()
    quote_page = f"{address}/quotes/{settled(quote)}"
    page.goto(quote_page)
    page.get_by_role("link", name="Preview sync").click()
    expect(page.locator("#push-preview")).to_contain_text("1,200.00")
    page.get_by_role("link", name="Refresh").click()
    expect(page.locator("#push-preview")).to_contain_text("1,234.56")
    assert page.url == quote_page, "it opens in place"
    assert wrong_with(page) == []
    page.goto(f"{quote_page}/autotask/preview")
    assert wrong_with(page) == []


def test_sides_are_chosen_with_the_keyboard(desk: Desk, page: Page, address: str) -> None:
    quote = pushed(desk, {"name": "A"}, {"name": "B"})
    first, second = remote(desk, quote)
    desk.tenant.edit("QuoteItems", first["id"], unitPrice=99)
    desk.tenant.remove("QuoteItems", second["id"])
    page.goto(f"{address}/drift/quotes/{settled(quote)}")
    page.get_by_role("button", name="Check now").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Deleted in Autotask")).to_be_visible()
    assert wrong_with(page) == []
    page.get_by_role("radio", name="Use the quote's value").focus()
    page.keyboard.press("Space")
    page.get_by_role("radio", name="Keep it deleted").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Apply choices").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved: 1 syncing to Autotask now, 1 kept as in Autotask.")).to_be_visible()
    assert wrong_with(page) == []
    page.goto(f"{address}/drift/")
    assert wrong_with(page) == []


def test_the_links_page(desk: Desk, page: Page, address: str) -> None:
    from tests.links.test_rebuild import lose_links

    settled(pushed(desk, *every_kind(desk)))
    lose_links()
    page.goto(f"{address}{LINKS}")
    page.set_input_files("#links-file", {"name": "x.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"})
    page.get_by_role("button", name="Check file").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was imported")
    page.get_by_role("button", name="Search Autotask").click()
    expect(page.get_by_text("links found")).to_be_visible()
    assert wrong_with(page) == []
    page.get_by_role("button", name=re.compile(r"^Save \d+ link")).click()
    expect(page.get_by_text("links were saved.")).to_be_visible()
