"""Edits that don't reach the server are marked, counted, sent again, kept over a reload, and never left out."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from stack import Stack
from tests.browser.people import REP_EMAIL, choose, entered, open_quote, sign_in

pytestmark = pytest.mark.browser
SAVES = "**/lines/*"


@pytest.fixture
def editor(live_stack: Stack, browser_page: Page) -> Page:
    """The rep on a new quote with two lines of 10.00."""
    page = browser_page
    open_quote(page, live_stack, *({"name": name, "unit_price": "10"} for name in ("Cable", "Rack")))
    return page


def enter(page: Page, label: str, value: str, line: int = 0) -> Locator:
    """Type ``value`` into a field of a line and leave it."""
    field = entered(page.locator(".line").nth(line), label)
    field.fill(value)
    field.press("Tab")
    return field


def counted(page: Page) -> Locator:
    return page.locator("#unsaved [data-count]")


def refuse_to_publish(page: Page) -> None:
    page.get_by_role("button", name="Publish").click()
    expect(counted(page)).to_contain_text("Not published.")
    assert page.get_by_text("Published as quote").count() == 0


def publish(page: Page) -> None:
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published as quote")).to_be_visible()


def test_a_lost_network_blocks_publishing_until_the_edit_is_saved(editor: Page) -> None:
    page = editor
    page.context.set_offline(True)
    enter(page, "Quantity", "5")
    expect(counted(page)).to_have_text("1 line not saved.")
    expect(page.locator(".line").first).to_have_attribute("data-unsaved", "")
    expect(page.locator(".line").first).to_contain_text("we couldn't reach the server")
    enter(page, "Price", "20", line=1)
    expect(counted(page)).to_have_text("2 lines not saved.")
    refuse_to_publish(page)
    page.context.set_offline(False)
    expect(page.locator(".line").first.locator(".amount")).to_have_text("$50.00")
    expect(page.locator(".line").last.locator(".amount")).to_have_text("$20.00")
    expect(counted(page)).to_have_text("")
    expect(page.locator("[data-unsaved]")).to_have_count(0)
    publish(page)
    expect(entered(page.locator(".line").first, "Quantity")).to_have_value("5")


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_edit_is_sent_again_after_an_error_of_the_server(editor: Page, status: int) -> None:
    page = editor

    def fail(route: Route) -> None:
        route.fulfill(status=status, body="Bad gateway")

    page.route(SAVES, fail)
    enter(page, "Quantity", "5")
    expect(counted(page)).to_have_text("1 line not saved.")
    page.unroute(SAVES)
    expect(page.locator(".line").first.locator(".amount")).to_have_text("$50.00")
    expect(counted(page)).to_have_text("")


def test_publishing_sends_what_is_not_saved_first(editor: Page) -> None:
    page = editor
    page.route(SAVES, lambda route: route.abort())
    enter(page, "Quantity", "5")
    expect(counted(page)).to_have_text("1 line not saved.")
    page.unroute(SAVES)
    publish(page)
    expect(entered(page.locator(".line").first, "Quantity")).to_have_value("5")


@pytest.mark.parametrize(("label", "value"), [("Price", "3l2"), ("Quantity", "0"), ("Item", "")])
def test_a_refused_entry_blocks_publishing_each_time(editor: Page, label: str, value: str) -> None:
    page = editor
    field = enter(page, label, value)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(counted(page)).to_have_text("1 line not saved.")
    refuse_to_publish(page)
    refuse_to_publish(page)
    expect(field).to_have_value(value)
    page.get_by_role("button", name="Discard these entries").click()
    expect(counted(page)).to_have_text("")
    expect(page.locator(".line").first.locator(".amount")).to_have_text("$10.00")
    publish(page)


def test_a_refused_header_is_counted_too(editor: Page) -> None:
    page = editor
    title = page.get_by_label("Title")
    title.fill("")
    title.press("Tab")
    expect(counted(page)).to_have_text("Quote details not saved.")
    refuse_to_publish(page)
    title.fill("Cabling")
    title.press("Tab")
    expect(counted(page)).to_have_text("")
    publish(page)


@pytest.mark.parametrize("label", ["Quantity", "Tax", "Optional", "Description"])
def test_an_edit_survives_a_reload(editor: Page, label: str) -> None:
    page = editor
    page.route(SAVES, lambda route: route.abort())
    line = page.locator(".line").first
    field = entered(line, label)
    if label == "Tax":
        field.select_option(index=1)
    elif label == "Optional":
        field.check()
    else:
        enter(page, label, "5")
    value = field.input_value()
    expect(counted(page)).to_have_text("1 line not saved.")
    page.reload()
    expect(counted(page)).to_have_text("1 line not saved.")
    expect(field).to_have_value(value)
    page.unroute(SAVES)
    expect(counted(page)).to_have_text("")
    page.reload()
    expect(entered(line, label)).to_have_value(value)
    if label == "Optional":
        expect(field).to_be_checked()


def test_a_refused_entry_survives_a_reload_with_its_sentence(editor: Page) -> None:
    page = editor
    field = enter(page, "Price", "3l2")
    expect(counted(page)).to_have_text("1 line not saved.")
    page.reload()
    expect(field).to_have_value("3l2")
    expect(field).to_have_attribute("aria-invalid", "true")
    refuse_to_publish(page)


def test_moving_another_line_keeps_what_is_not_saved(editor: Page) -> None:
    page = editor
    enter(page, "Price", "3l2")
    expect(counted(page)).to_have_text("1 line not saved.")
    choose(page.locator(".line").last, "Move up")
    expect(page.locator(".line").first.locator(".line-name")).to_have_text("Rack")
    field = page.locator(".line").last.get_by_label("Price")
    expect(field).to_have_value("3l2")
    expect(field).to_have_attribute("aria-invalid", "true")
    refuse_to_publish(page)


def test_after_an_ended_session_the_edit_is_saved_before_publishing(live_stack: Stack, editor: Page) -> None:
    page = editor
    page.context.clear_cookies()
    enter(page, "Quantity", "5")
    expect(counted(page)).to_have_text("1 line not saved.")
    with page.expect_popup() as opened:
        page.locator("#notices").get_by_role("link", name="Sign in").click()
    sign_in(opened.value, live_stack, REP_EMAIL)
    opened.value.close()
    publish(page)
    expect(entered(page.locator(".line").first, "Quantity")).to_have_value("5")


def test_an_edit_of_a_line_that_was_deleted_elsewhere_is_not_left_out_silently(editor: Page) -> None:
    page = editor
    beside = page.context.new_page()
    beside.goto(page.url)
    choose(beside.locator(".line").first, "Delete")
    expect(beside.locator(".line")).to_have_count(1)
    beside.close()
    enter(page, "Quantity", "5")
    expect(page.locator(".line").first).to_contain_text("was deleted by someone else")
    refuse_to_publish(page)
    page.get_by_role("button", name="Discard these entries").click()
    expect(page.locator(".line")).to_have_count(1)
    publish(page)
