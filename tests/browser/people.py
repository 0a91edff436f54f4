"""Steps that many browser tests share."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from stack import Stack
from webapp.services.demo.seed import ADMIN_EMAIL, REP_EMAIL

__all__ = ["ADMIN_EMAIL", "REP_EMAIL", "sign_in"]


def sign_in(page: Page, stack: Stack, email: str = ADMIN_EMAIL) -> None:
    """Sign in to the example company."""
    password = next(login["password"] for login in stack.logins if login["email"] == email)
    page.goto(f"{stack.web_url}/login")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
