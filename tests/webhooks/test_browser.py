"""Webhooks with a mouse and with a keyboard, on the whole running product."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from stack import Options, Stack
from tests.browser.people import sign_in
from tests.support.browser import accessibility_violations
from tests.webhooks.receiver import Receiver, listening

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SENT_WITHIN_MS = 60_000
CATALOGUE = "/settings/integrations/"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Receiver]]:
    """The whole product beside a receiver that the operator allowed."""
    with listening() as receiver:
        environ = {**os.environ, "WEBHOOK_ALLOWED_HOSTS": receiver.host}
        options = Options(
            data=tmp_path_factory.mktemp("stack"), port=0, sandbox_port=0, web_processes=1, environ=environ
        )
        with Stack(options) as stack:
            yield stack, receiver


def check(page: Page) -> None:
    """In both widths nothing sticks out, and axe finds nothing."""
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
            f"{page.url} at {width}"
        )
        assert accessibility_violations(page) == [], f"{page.url} at {width}"


def test_from_the_catalogue_to_a_message_that_is_sent_again(
    browser_page: Page, running: tuple[Stack, Receiver]
) -> None:
    stack, receiver = running
    page = browser_page
    sign_in(page, stack)
    page.goto(stack.web_url + CATALOGUE)
    check(page)

    page.get_by_role("link", name="Add Webhooks").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("URL", exact=True).fill("https://169.254.169.254/")
    dialog.get_by_role("button", name="Add webhook").click()
    expect(dialog.get_by_label("URL", exact=True)).to_be_focused()
    expect(dialog.get_by_label("URL", exact=True)).to_have_accessible_description(
        re.compile("internal address")
    )
    check(page)
    dialog.get_by_label("URL", exact=True).fill(receiver.url)
    dialog.get_by_label("quote.viewed").check()
    dialog.get_by_role("button", name="Add webhook").click()
    secret = dialog.locator(".webhook-secret-text")
    expect(secret).to_have_text(re.compile(r"^whsec_[\w-]{43}$"))
    check(page)
    shown = secret.inner_text()
    dialog.get_by_role("link", name="I've copied it").click()
    expect(page.get_by_text("No messages yet.")).to_be_visible()
    assert shown not in page.content()
    check(page)

    receiver.answers.append((503, {}, "Being mended"))
    page.get_by_role("button", name="Send test event").click()
    expect(page.get_by_text("Being mended")).to_be_visible(timeout=SENT_WITHIN_MS)
    expect(page.get_by_role("status").get_by_text("Failed")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Resend").click()
    expect(page.get_by_role("status").get_by_text("Delivered")).to_be_visible(timeout=SENT_WITHIN_MS)
    assert len(receiver.got) == 2
    assert receiver.got[0].body == receiver.got[1].body


def test_everything_by_keyboard(browser_page: Page, running: tuple[Stack, Receiver]) -> None:
    stack, receiver = running
    page = browser_page
    sign_in(page, stack)
    page.goto(f"{stack.web_url}{CATALOGUE}webhooks/new")
    page.get_by_label("URL", exact=True).focus()
    page.keyboard.type(f"{receiver.scheme}://{receiver.host}/by-keyboard")
    page.keyboard.press("Tab")
    page.keyboard.type("By keyboard")
    page.keyboard.press("Tab")
    expect(page.get_by_label("quote.published")).to_be_focused()
    page.keyboard.press("Space")  # it was chosen for us
    page.keyboard.press("Space")
    page.get_by_role("button", name="Add webhook").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="I've copied it")).to_be_visible()
    page.get_by_role("link", name="I've copied it").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="By keyboard")).to_be_visible()
    page.get_by_role("button", name="Pause").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Messages are kept for 30 days")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Resume").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Resumed.")).to_be_visible()
    page.get_by_text("How to verify the signature").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("def is_genuine")).to_be_visible()
    check(page)
    page.on("dialog", lambda question: question.accept())
    page.get_by_role("button", name="Replace secret").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".webhook-secret-text")).to_have_text(re.compile("^whsec_"))
    check(page)
    page.goto(f"{stack.web_url}{CATALOGUE}webhooks")
    check(page)


def test_a_published_quote_is_told_and_its_message_shown(
    browser_page: Page, running: tuple[Stack, Receiver]
) -> None:
    stack, receiver = running
    page = browser_page
    sign_in(page, stack)
    page.goto(f"{stack.web_url}{CATALOGUE}webhooks/new")
    page.get_by_label("URL", exact=True).fill(f"{receiver.scheme}://{receiver.host}/published")
    page.get_by_role("button", name="Add webhook").click()
    page.get_by_role("link", name="I've copied it").click()
    log = page.url
    page.goto(f"{stack.web_url}/quotes/?stage=Draft")
    page.get_by_role("link", name="Network refresh for the new office").click()
    page.get_by_role("button", name=re.compile("^Publish")).first.click()
    expect(page.get_by_text(re.compile(r"Published as quote \d+"))).to_be_visible()
    page.goto(log)
    page.get_by_role("link", name=re.compile("quote.published")).click()
    expect(page.get_by_role("status").get_by_text("Delivered")).to_be_visible(timeout=SENT_WITHIN_MS)
    (got,) = [got for got in receiver.got if got.path == "/published"]
    expect(page.get_by_label("Body of the message")).to_contain_text(got.content["quote"]["sha256"])
    check(page)
