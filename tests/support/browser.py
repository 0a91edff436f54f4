"""A real Chromium, driven by Playwright; a page that throws or breaks the content security policy fails its test."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from smoke.visitor import Visitor

RESULTS = Path("test-results")
ARGUMENTS = [
    "--no-sandbox",  # root in a container; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Long: a machine that runs all the tests at once is slow now and then, and a step that works does not wait for it.
STEP_TIMEOUT_MS = 30_000
AXE = Path(__file__).parent / "vendor/axe/axe.min.js"


def find_chromium() -> str | None:
    """CHROMIUM, else the first of the usual names on PATH."""
    given = os.environ.get("CHROMIUM")
    names = [given] if given else ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
    return next((path for path in map(shutil.which, names) if path), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for each test process."""
    path = find_chromium()
    if path is None:
        reason = "No Chromium was found: install Debian's chromium, or name one with CHROMIUM."
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    expect.set_options(timeout=STEP_TIMEOUT_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def browser_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page in a context of its own, 1440 by 900; other tabs opened by it are watched too."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    context.set_default_timeout(STEP_TIMEOUT_MS)
    # As in a window, where the page that a person clicks in may write there.
    context.grant_permissions(["clipboard-write"])
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(f"exception: {error.error}"))
    context.on(
        "console",
        lambda message: (
            complaints.append(message.text) if re.search("Content Security Policy", message.text) else None
        ),
    )
    page = context.new_page()
    yield page
    if request.node.stash.get(FAILED, False):
        RESULTS.mkdir(exist_ok=True)
        for number, opened in enumerate(context.pages):
            opened.screenshot(path=RESULTS / f"{_file_name(request.node.name)}-{number}.png", full_page=True)
    context.close()
    assert complaints == []


def let_in(context: BrowserContext, address: str, email: str, password: str) -> Visitor:
    """Sign somebody in without showing the pages for it, which take Chromium longest; returns their session."""
    visitor = Visitor(address)
    visitor.open("/login")
    visitor.send(visitor.form(having="password"), {"email": email, "password": password})
    context.add_cookies(
        [
            {
                "name": cookie.name,
                "value": cookie.value or "",
                "url": address,
                "httpOnly": True,
                "sameSite": "Lax",
            }
            for cookie in visitor.session.cookies
        ]
    )
    return visitor


def sign_in(page: Page, address: str, email: str, password: str) -> None:
    """Sign somebody in on the page for it, up to the first page that they see."""
    page.goto(f"{address}/login")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def accessibility_violations(page: Page) -> list[str]:
    """What axe-core finds wrong on the page, one line each; empty when nothing."""
    # Evaluated by the debugger, so the page's content security policy stays as it is.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    # A color that is still on its way to another is neither.
    page.evaluate(
        "Promise.all(document.getAnimations().filter(one => one.effect.getComputedTiming().endTime !== Infinity)"
        ".map(one => one.finished.catch(() => null)))"
    )
    # Every rule runs on everything; what passed is counted, but not described element by element, which takes longest.
    run = "axe.run({resultTypes: ['violations']}).then(found => found.violations)"
    violations: list[dict[str, Any]] = page.evaluate(run)
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']} — {node['target']}"
        for violation in violations
        for node in violation["nodes"]
    ]


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that a test failed, so that its page can be kept as a picture."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name)
