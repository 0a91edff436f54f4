"""Steps that many browser tests share."""

from __future__ import annotations

import re
from collections.abc import Mapping

from playwright.sync_api import Locator, Page, expect

from smoke.forms import Form
from smoke.visitor import Visitor
from stack import Stack
from tests.support import browser
from webapp.services.demo.seed import ADMIN_EMAIL, REP_EMAIL

__all__ = ["ADMIN_EMAIL", "REP_EMAIL", "choose", "come_in", "entered", "open_quote", "quote_of", "sign_in"]
Line = Mapping[str, str]


def password_of(stack: Stack, email: str) -> str:
    """The password of a user of the example company."""
    return next(login["password"] for login in stack.logins if login["email"] == email)


def come_in(page: Page, stack: Stack, email: str = ADMIN_EMAIL) -> Visitor:
    """Sign in to the example company without a page; for tests that are about another page."""
    return browser.let_in(page.context, stack.web_url, email, password_of(stack, email))


def quote_of(rep: Visitor, *lines: Line, customer: str = "Tom Brennan") -> None:
    """Create a quote with custom items through forms; the rep then is on its page."""
    found = re.search(
        rf'name="person_id" value="(\d+)">\s*<button[^>]*>\s*<span[^>]*>{customer}', rep.open("/quotes/new")
    )
    assert found
    rep.send(next(form for form in rep.forms() if ("person_id", found[1]) in form.fields))
    quote = rep.url
    token = dict(rep.form(having="csrf_token").fields)["csrf_token"]
    for line in lines:
        fields = [("csrf_token", token), *line.items()]
        rep.send(Form(f"{quote}/lines", "post", "", fields))
    rep.open(quote)


def open_quote(page: Page, stack: Stack, *lines: Line) -> None:
    """The rep in front of a new quote that has these lines."""
    rep = come_in(page, stack, REP_EMAIL)
    quote_of(rep, *lines)
    page.goto(rep.url)
    expect(page.get_by_role("searchbox", name="Add a line")).to_be_visible()


def sign_in(page: Page, stack: Stack, email: str = ADMIN_EMAIL) -> None:
    """Sign in to the example company on the page for it."""
    browser.sign_in(page, stack.web_url, email, password_of(stack, email))


def entered(line: Locator, label: str) -> Locator:
    """The field of a line: of its row, which is entered, or of its details, which are opened."""
    field = line.get_by_label(label, exact=True)
    row_label = {"Discount type": "Discount"}.get(label, label)
    cell = line.locator(f".line-row > [data-label='{row_label}']")
    if cell.count():
        # The right edge of a discount is its unit.
        cell.click(position={"x": 12, "y": 12})
    elif not line.locator(".line-opened").count():
        choose(line, "Details")
    return field


def choose(line: Locator, command: str) -> None:
    """Choose an entry of a line's menu."""
    line.locator(".line-row").hover()
    line.get_by_role("button", name="Menu of").click()
    line.page.get_by_role("menuitem", name=command).click()
