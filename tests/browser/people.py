"""Steps that many browser tests share."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from stack import Stack
from webapp.services.demo.seed import ADMIN_EMAIL, REP_EMAIL

__all__ = ["ADMIN_EMAIL", "REP_EMAIL", "add_custom_item", "new_quote", "sign_in"]


def sign_in(page: Page, stack: Stack, email: str = ADMIN_EMAIL) -> None:
    """Sign in to the example company."""
    password = next(login["password"] for login in stack.logins if login["email"] == email)
    page.goto(f"{stack.web_url}/login")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def new_quote(page: Page, customer: str = "Tom Brennan") -> None:
    """From any page with the button *New quote* to an empty quote for ``customer``."""
    page.locator("a.btn", has_text="New quote").click()
    page.get_by_role("button", name=customer).click()
    expect(page.get_by_role("searchbox", name="Add a line")).to_be_visible()


def add_custom_item(page: Page, name: str, price: str = "") -> None:
    """Add a line of one ``name``, and give it a whole price in dollars."""
    page.get_by_role("searchbox", name="Add a line").fill(name)
    page.get_by_role("button", name="as a custom item").click()
    line = page.locator(".line").last
    expect(line.get_by_label("Item")).to_have_value(name)
    expect(line.get_by_label("Price")).to_be_focused()
    if price:
        line.get_by_label("Price").fill(price)
        line.get_by_label("Price").press("Tab")
        expect(line.locator(".amount")).to_have_text(f"${price}.00")
