"""Signing on a phone: typed, drawn and declined."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from stack import Stack
from tests.browser.people import REP_EMAIL, come_in, quote_of
from tests.support.browser import accessibility_violations as violations

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(live_stack: Stack, browser_page: Page, browser: Browser) -> Iterator[Page]:
    """The customer's page of a new quote, on a phone."""
    rep = come_in(browser_page, live_stack, REP_EMAIL)
    quote_of(rep, {"name": "Firewall", "unit_price": "100"})
    rep.send(rep.form(action="/publish"))
    browser_page.goto(rep.url)
    path = browser_page.locator("a[href^='/q/']").first.get_attribute("href")
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-US", has_touch=True)
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto(f"{live_stack.web_url}{path}")
    yield page
    context.close()


def draw(page: Page) -> None:
    canvas = page.locator(".sign-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 100)
    page.mouse.down()
    for step in range(1, 30):
        page.mouse.move(box["x"] + 20 + 9 * step, box["y"] + (20 if step % 2 else 100))
    page.mouse.up()


def test_a_signature_is_typed_or_drawn_or_the_quote_declined(phone: Page, browser_page: Page) -> None:
    accept = phone.get_by_role("button", name="Accept quote").last
    phone.get_by_label("Your name").fill("Tom Brennan")
    phone.get_by_label("Job title").fill("Owner")
    phone.get_by_label("Draw", exact=True).check()
    expect(phone.get_by_label("Sign by typing your full name")).to_be_hidden()
    # Nothing drawn yet: what was typed stays, and the sentence is where the person looks.
    phone.get_by_label("I accept quote").check()
    accept.click()
    expect(phone.get_by_text("Draw your signature, or type your name instead.")).to_be_in_viewport()
    expect(phone.get_by_label("Draw", exact=True)).to_be_checked()
    draw(phone)
    phone.get_by_role("button", name="Clear").click()
    expect(phone.locator("[name=drawing]")).to_have_value("")
    draw(phone)
    # A refused answer brings the drawing back.
    phone.get_by_label("I accept quote").uncheck()
    accept.click()
    expect(phone.get_by_text("Check this box to accept the quote.")).to_be_in_viewport()
    phone.get_by_label("I accept quote").check()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    accept.click()
    expect(phone.get_by_text("Thank you,")).to_be_visible()
    expect(phone.get_by_role("link", name="Signed PDF")).to_be_visible()
    phone.get_by_text("Signature details").click()
    with phone.expect_download() as download:
        phone.get_by_role("link", name="Download the evidence").click()
    assert download.value.suggested_filename.endswith("-evidence.zip")
    browser_page.reload()
    browser_page.get_by_role("link", name="Evidence").first.click()
    expect(browser_page.get_by_alt_text("Drawn signature of Tom Brennan")).to_be_visible()
    events = browser_page.locator(".evidence-what strong")
    expect(events.first).to_have_text("Published as revision 1")
    expect(events.filter(has_text="Signed revision 1")).to_have_count(1)
    expect(events.filter(has_text="Signed PDF stored")).to_have_count(1)


def test_it_is_typed_on_a_phone(phone: Page) -> None:
    phone.get_by_label("Your name").fill("Tom Brennan")
    phone.get_by_label("Job title").fill("Owner")
    phone.get_by_label("Your PO number").fill("PO-7")
    phone.get_by_label("Sign by typing your full name").fill("Tom Brennan")
    phone.get_by_label("I accept quote").check()
    phone.get_by_role("button", name="Accept quote").last.click()
    expect(phone.get_by_text("Thank you,")).to_be_visible()


def test_it_is_declined_on_a_phone(phone: Page) -> None:
    phone.get_by_text("Decline this quote").click()
    phone.get_by_label("Anything we should change?").fill("Too slow.")
    phone.get_by_role("button", name="Decline quote").click()
    expect(phone.get_by_role("heading", name="This quote was declined")).to_be_visible()


def test_two_sign_one_after_the_other(live_stack: Stack, browser_page: Page, browser: Browser) -> None:
    rep = come_in(browser_page, live_stack, REP_EMAIL)
    option = {"name": "Care", "unit_price": "25", "recurrence": "monthly", "is_optional": "1"}
    quote_of(rep, {"name": "Firewall", "unit_price": "100"}, option)
    rep.send(rep.form(action="/publish"))
    browser_page.goto(rep.url)
    shared = browser_page.locator("a[href^='/q/']").first.get_attribute("href") or ""
    browser_page.get_by_role("link", name="Signers").click()
    for number, name in enumerate(("Carla Khan", "Theo Lind"), start=1):
        browser_page.get_by_label(f"Name of signer {number}").fill(name)
        browser_page.get_by_label(f"Email of signer {number}").fill(
            f"{name.split()[0].lower()}@customer.example"
        )
    browser_page.get_by_label("One after the other").check()
    browser_page.get_by_role("button", name="Save signers").click()
    expect(browser_page.get_by_role("heading", name="0 of 2 signed")).to_be_visible()
    assert violations(browser_page) == []
    paths = [
        browser_page.get_by_label(f"Link of {name}").input_value() for name in ("Carla Khan", "Theo Lind")
    ]
    contexts = [
        browser.new_context(viewport={"width": 390, "height": 844}, locale="en-US", has_touch=True)
        for _ in range(2)
    ]
    carla, theo = (context.new_page() for context in contexts)
    for page, link in zip((carla, theo), paths, strict=True):
        page.set_default_timeout(30_000)
        page.goto(f"{live_stack.web_url}/q/{link.rpartition('/')[2]}")
    expect(theo.get_by_role("heading", name="Carla Khan signs first")).to_be_visible()
    expect(theo.get_by_role("button", name="Accept quote")).to_have_count(0)
    assert violations(theo) == []
    # The first one chooses, and draws.
    carla.get_by_label("Add Care").check()
    expect(carla.locator("#offer-bar")).to_contain_text("$25.00")
    carla.get_by_label("Job title").fill("CEO")
    carla.get_by_label("Draw", exact=True).check()
    draw(carla)
    carla.get_by_label("I accept quote").check()
    assert carla.evaluate("document.documentElement.scrollWidth <= innerWidth")
    carla.get_by_role("button", name="Sign", exact=True).last.click()
    expect(carla.get_by_role("heading", name="You signed. Theo Lind signs next")).to_be_visible()
    # The second one signs the same.
    theo.reload()
    expect(theo.get_by_role("heading", name="It's your turn to sign, Theo Lind")).to_be_visible()
    expect(theo.get_by_label("Add Care")).to_have_count(0)
    expect(theo.locator("#offer")).to_contain_text("$25.00")
    assert violations(theo) == []
    theo.get_by_label("Job title").fill("CFO")
    theo.get_by_label("Sign by typing your full name").fill("theo lind")
    theo.get_by_label("I accept quote").check()
    theo.get_by_role("button", name="Accept quote").click()
    expect(theo.get_by_role("heading", name="Thank you, Theo Lind")).to_be_visible()
    carla.goto(f"{live_stack.web_url}{shared}")
    expect(carla.get_by_text("accepted by Carla Khan and Theo Lind")).to_be_visible()
    for context in contexts:
        context.close()
