"""An admin who is signed in, on an installation with categories and tax codes, Autotask being connected."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from tests.support.browser import let_in
from tests.support.copies import Copied, copied
from tests.support.sandbox import Tenant
from tests.support.visitor import PAGE, Visitor
from webapp.models import TaxCode, db
from webapp.services.accounts import users
from webapp.services.autotask.connection import connection, stored_lists
from webapp.services.catalog import categories
from webapp.services.core.runtime import Runtime

PASSWORD = "four plain words here"
CATEGORIES = (
    ("Hardware", "Firewalls"),
    ("Hardware", "Laptops"),
    ("Networking", "Switches"),
    ("Services", "Onsite Labor"),
    ("Backup",),
)
TAX_CODES = (("CA Sales Tax", "7.25"), ("NY Hardware", "8.875"), ("Odd", "5.5"), ("Exempt", "0"))


@pytest.fixture
def runtime(app: Flask) -> Runtime:
    """The runtime of the application."""
    found: Runtime = app.extensions["quotewright"]
    return found


@pytest.fixture
def company(app: Flask) -> None:
    """Two admins, a rep, categories and tax codes."""
    with app.app_context():
        add_company()


def add_company() -> None:
    """Two admins, a rep, categories and tax codes, in an open application context."""
    for email, role in (
        ("admin@demo.example", "admin"),
        ("second@demo.example", "admin"),
        ("rep@demo.example", "rep"),
    ):
        name = email.partition("@")[0].capitalize()
        users.create_user(None, email=email, name=name, password=PASSWORD, role=role)
    for path in CATEGORIES:
        categories.ensure(path)
    for name, rate in TAX_CODES:
        db.session.add(TaxCode(name=name, rate=Decimal(rate)))
    db.session.commit()


def connect(app: Flask, tenant: Tenant) -> None:
    """Connect and read every list, in an open application context."""
    runtime = app.extensions["quotewright"]
    connection.connect(
        runtime, user_name=tenant.user, secret=tenant.secret, integration_code=tenant.code, actor=None
    )
    stored_lists.refresh(runtime)


@pytest.fixture(scope="session")
def freshly_connected(new_installation: Callable[[], AbstractContextManager[tuple[Flask, Tenant]]]) -> Copied:
    """What ``connect`` leaves in a company."""
    with new_installation() as (app, tenant), app.app_context():
        add_company()
        return copied(app, tenant, connect)


@pytest.fixture
def connected(
    app: Flask, runtime: Runtime, company: None, tenant: Tenant, freshly_connected: Copied
) -> Tenant:
    """The sandbox's tenant that Autotask is connected to."""
    with app.app_context():
        freshly_connected.put(runtime, tenant)
    return tenant


@pytest.fixture
def admin(app: Flask, company: None) -> Visitor:
    """The first admin's browser, without JavaScript."""
    return Visitor(app.test_client()).sign_in("admin@demo.example", PASSWORD)


@pytest.fixture
def second_admin(app: Flask, company: None) -> Visitor:
    """Another admin's browser."""
    return Visitor(app.test_client()).sign_in("second@demo.example", PASSWORD)


@pytest.fixture
def served(app: Flask, company: None) -> Iterator[str]:
    """The address of the application, served to real browsers."""
    # A line for each picture and style sheet would bury what a failed test has to say.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def sign_in(served: str) -> Callable[[Page | BrowserContext, str], Page]:
    """Sign somebody in, in a page or in a context of their own; returns the page, which shows nothing yet."""

    def enter(where: Page | BrowserContext, email: str = "admin@demo.example") -> Page:
        page = where if isinstance(where, Page) else where.new_page()
        let_in(page.context, served, email, PASSWORD)
        return page

    return enter


@pytest.fixture
def screen(browser_page: Page, sign_in: Callable[[Page], Page], connected: Tenant, served: str) -> Page:
    """The first admin in front of the settings of Autotask, which is connected."""
    sign_in(browser_page)
    browser_page.goto(served + PAGE)
    return browser_page


@pytest.fixture
def another_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Further browsers, which share nothing with the first."""
    opened: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        context = browser.new_context(locale="en-US", **options)  # type: ignore[arg-type]
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()
