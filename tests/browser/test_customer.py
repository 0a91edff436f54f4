"""The customer's page: what is accepted was on the screen, and a refused answer says why where the person looks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from stack import Stack
from tests.browser.people import REP_EMAIL, come_in, quote_of

pytestmark = pytest.mark.browser
Open = Callable[..., Page]


@pytest.fixture
def offered(live_stack: Stack, browser_page: Page) -> Page:
    """The rep on a published quote: a line of 100.00, an option of 25.00 a month, and a long description."""
    rep = come_in(browser_page, live_stack, REP_EMAIL)
    points = "\n".join(f"Point {number}" for number in range(60))
    quote_of(
        rep,
        {"name": "Firewall", "unit_price": "100", "description": points},
        {"name": "Care", "unit_price": "25", "recurrence": "monthly", "is_optional": "1"},
    )
    rep.send(rep.form(action="/publish"))
    browser_page.goto(rep.url)
    return browser_page


@pytest.fixture
def customer(offered: Page, browser: Browser, live_stack: Stack) -> Iterator[Open]:
    """Opens the link in a browser of the customer's own."""
    contexts = []
    path = offered.locator("a[href^='/q/']").get_attribute("href")

    def opened(*, script: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": 1280, "height": 720}, java_script_enabled=script, locale="en-US"
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{live_stack.web_url}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()


def sign(page: Page, name: str = "Tom Brennan") -> None:
    page.get_by_label("Your name").fill("Tom Brennan")
    page.get_by_label("Job title").fill("Owner")
    page.get_by_label("Sign by typing your full name").fill(name)
    page.get_by_label("I accept quote").check()


def accept(page: Page) -> None:
    page.get_by_role("button", name="Accept quote").click()


@pytest.mark.parametrize("script", [True, False])
def test_enter_in_a_field_accepts(customer: Open, script: bool) -> None:
    page = customer(script=script)
    sign(page)
    page.get_by_label("Sign by typing your full name").press("Enter")
    expect(page.get_by_text("Thank you,")).to_be_visible()
    assert "?" not in page.url


@pytest.mark.parametrize("script", [True, False])
def test_enter_in_an_incomplete_form_shows_the_first_error(customer: Open, script: bool) -> None:
    page = customer(script=script)
    sign(page, "Someone else")
    page.get_by_label("Your name").press("Enter")
    field = page.get_by_label("Sign by typing your full name")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("The signature must match the name above.")).to_be_in_viewport()
    if script:
        expect(field).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("Please complete the fields below")


def test_a_refused_decline_is_told_where_the_person_looks(customer: Open) -> None:
    page = customer()
    page.get_by_text("Decline this quote").click()
    page.get_by_role("button", name="Decline quote").click()
    expect(page.get_by_text("Choose a reason, or tell us what we should change.")).to_be_in_viewport()
    expect(page.get_by_label("Anything we should change?")).to_be_focused()


def test_without_a_script_other_totals_are_shown_and_asked_about_once_more(customer: Open) -> None:
    page = customer(script=False)
    page.get_by_label("Add Care").check()
    sign(page)
    accept(page)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("These totals weren't on your screen yet")
    expect(alert).to_contain_text("$25.00 per month")
    expect(page.get_by_label("Add Care")).to_be_checked()
    expect(page.get_by_label("Sign by typing your full name")).to_have_value("Tom Brennan")
    accept(page)
    expect(page.get_by_text("Thank you,")).to_be_visible()
    expect(page.get_by_text("Optional, selected")).to_be_visible()


def test_without_a_script_totals_are_updated_with_nothing_personal_in_the_address(customer: Open) -> None:
    page = customer(script=False)
    page.get_by_label("Add Care").check()
    sign(page)
    page.get_by_role("button", name="Update totals").click()
    expect(page.locator(".offer-tiles")).to_contain_text("$25.00")
    assert "?" not in page.url
    expect(page.get_by_label("Sign by typing your full name")).to_have_value("Tom Brennan")
    accept(page)
    expect(page.get_by_text("Thank you,")).to_be_visible()


def test_accepting_before_the_totals_came_back_asks_once_more(customer: Open) -> None:
    page = customer()
    sign(page)
    page.route("**/choose", lambda route: route.abort())
    page.get_by_label("Add Care").check()
    accept(page)
    expect(page.get_by_role("alert")).to_contain_text("These totals weren't on your screen yet")
    page.unroute("**/choose")
    accept(page)
    expect(page.get_by_text("Thank you,")).to_be_visible()


def test_ticking_an_option_keeps_the_place(customer: Open) -> None:
    page = customer()
    box = page.get_by_label("Add Care")
    box.scroll_into_view_if_needed()
    before = page.evaluate("window.scrollY")
    assert before > 100
    box.check()
    expect(page.locator(".offer-tiles")).to_contain_text("$25.00")
    assert abs(page.evaluate("window.scrollY") - before) < 200
    expect(box).to_be_focused()
    expect(box).to_be_in_viewport()


def test_only_a_person_views_a_quote(offered: Page, customer: Open, browser: Browser) -> None:
    page = offered
    path = page.locator("a[href^='/q/']").get_attribute("href")
    assert path
    link = page.url.split("/quotes/")[0] + path
    scanner = browser.new_context()
    for method in ("HEAD", "GET"):
        assert scanner.request.fetch(link, method=method).ok
    scanner.close()
    page.reload()
    expect(page.get_by_text("Not viewed yet.")).to_be_visible()
    opened = customer()
    with opened.expect_response(re.compile("/viewed$")) as told:
        opened.mouse.move(200, 200)
        opened.mouse.move(300, 300)
    assert told.value.status == 204
    page.reload()
    expect(page.get_by_text("First viewed")).to_be_visible()


def test_printed_it_is_the_offer_and_nothing_else(customer: Open) -> None:
    page = customer()
    page.emulate_media(media="print")
    for hidden in ("#accept", "#decline", ".skip-link", ".customer-head-buttons"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".offer-tiles")).to_be_visible()
