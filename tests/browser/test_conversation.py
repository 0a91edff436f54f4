"""On a phone: the customer asks, the rep answers, a colleague accepts, and the page says what's next."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from stack import Stack
from tests.browser.people import REP_EMAIL, come_in, quote_of
from tests.support.browser import accessibility_violations as violations

pytestmark = pytest.mark.browser
Phone = Callable[[str], Page]


def fits(page: Page) -> bool:
    """Nothing is wider than the screen."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider <= 0


@pytest.fixture
def phone(browser: Browser, live_stack: Stack) -> Iterator[Phone]:
    """Opens an address in a phone's browser of its own."""
    contexts = []

    def opened(path: str) -> Page:
        context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-US")
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(path if "://" in path else f"{live_stack.web_url}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()


def test_from_a_question_to_what_happens_next(phone: Phone, browser_page: Page, live_stack: Stack) -> None:
    rep = come_in(browser_page, live_stack, REP_EMAIL)
    quote_of(
        rep,
        {"name": "Firewall", "unit_price": "100"},
        {"name": "Care", "unit_price": "25", "recurrence": "monthly", "is_optional": "1"},
    )
    rep.send(rep.form(action="/publish"))
    browser_page.goto(rep.url)
    link = browser_page.locator("a[href^='/q/']").get_attribute("href")
    assert link
    page = phone(link)
    thread = page.locator(".talk").filter(has=page.get_by_label("about Firewall"))
    # A choice of options leaves what is being written, and where.
    page.locator("summary", has_text="Comment on Firewall").click()
    box = thread.get_by_label("Ask or comment about Firewall")
    expect(box).to_be_focused()
    box.fill("How fast is it?")
    page.get_by_label("Add Care").check()
    expect(page.locator(".offer-tiles")).to_contain_text("$25.00")
    expect(box).to_have_value("How fast is it?")
    # While the server can't be reached it stays, with a sentence.
    page.route("**/comments", lambda route: route.abort())
    thread.get_by_role("button", name="Send").click()
    expect(thread.get_by_role("alert")).to_contain_text("It's still here")
    page.unroute("**/comments")
    thread.get_by_role("button", name="Send").click()
    expect(page.locator("#said")).to_contain_text("Comment sent to")
    sent = page.locator(".talk-said li", has_text="How fast is it?")
    expect(sent).to_be_focused()
    expect(page.get_by_label("Add Care")).to_be_checked()
    thread = page.locator(".talk").filter(has=page.get_by_label("Reply about Firewall"))
    thread.get_by_role("button", name="Send").click()
    expect(thread.get_by_text("Write your question or comment.")).to_be_visible()
    expect(thread.get_by_label("Reply about Firewall")).to_be_focused()
    assert violations(page) == []
    assert fits(page)
    # The rep, beside the line.
    browser_page.reload()
    browser_page.get_by_role("link", name="1 comment on Firewall").click()
    browser_page.get_by_label("Answer about Firewall").fill("10 gigabit per second.")
    browser_page.locator("#talk").get_by_role("button", name="Send").first.click()
    expect(browser_page.get_by_text("10 gigabit per second.")).to_be_visible()
    expect(browser_page.locator(".talk-said")).to_contain_text("10 gigabit per second.")
    assert violations(browser_page) == []
    page.reload()
    expect(page.locator(".talk-said").first).to_contain_text("10 gigabit per second.")
    # A colleague.
    page.get_by_role("link", name="Share").click()
    page.get_by_label("Your colleague's name").fill("Theo Lind")
    page.get_by_role("button", name="Share").click()
    theirs = page.get_by_label("Link for Theo Lind").input_value()
    assert violations(page) == []
    colleague = phone(theirs)
    expect(colleague.get_by_text("Shared with you by Tom Brennan")).to_be_visible()
    expect(colleague.get_by_label("Your name", exact=True)).to_have_value("Theo Lind")
    colleague.get_by_label("Job title").fill("Buyer")
    colleague.get_by_label("Sign by typing your full name").fill("Theo Lind")
    colleague.get_by_label("I accept quote").check()
    colleague.get_by_role("button", name="Accept quote").click()
    expect(colleague.get_by_role("heading", level=1)).to_have_text(re.compile("Thank you, Theo Lind"))
    expect(colleague.get_by_role("heading", name="What happens next")).to_be_visible()
    expect(colleague.locator(".next-sums")).to_contain_text("$100.00")
    assert violations(colleague) == []
    assert fits(colleague)
    browser_page.reload()
    expect(browser_page.get_by_text("through the link of Theo Lind")).to_be_visible()
    browser_page.on("dialog", lambda dialog: dialog.accept())
    browser_page.get_by_role("button", name="Turn off the link of Theo Lind").click()
    expect(browser_page.get_by_text(re.compile(r"^\s*The link for .* is off\."))).to_be_visible()
    colleague.reload()
    expect(colleague.get_by_text("This link was turned off")).to_be_visible()
