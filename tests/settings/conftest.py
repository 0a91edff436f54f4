"""An admin who is signed in, on an installation with categories and tax codes, Autotask being connected."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask

from tests.settings.visitor import Visitor
from tests.support.sandbox import Tenant
from webapp.models import TaxCode, db
from webapp.services import accounts, categories
from webapp.services.autotask import connection, metadata
from webapp.services.runtime import Runtime

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
        for email, role in (
            ("admin@demo.example", "admin"),
            ("second@demo.example", "admin"),
            ("rep@demo.example", "rep"),
        ):
            name = email.partition("@")[0].capitalize()
            accounts.create_user(None, email=email, name=name, password=PASSWORD, role=role)
        for path in CATEGORIES:
            categories.ensure(path)
        for name, rate in TAX_CODES:
            db.session.add(TaxCode(name=name, rate=Decimal(rate)))
        db.session.commit()


@pytest.fixture
def connected(app: Flask, runtime: Runtime, company: None, tenant: Tenant) -> Tenant:
    """The sandbox's tenant that Autotask is connected to."""
    with app.app_context():
        connection.connect(
            runtime,
            user_name=tenant.user,
            secret=tenant.secret,
            integration_code=tenant.code,
            actor=None,
        )
        metadata.refresh(runtime)
    return tenant


@pytest.fixture
def admin(app: Flask, company: None) -> Visitor:
    """The first admin's browser, without JavaScript."""
    return Visitor(app.test_client()).sign_in("admin@demo.example", PASSWORD)


@pytest.fixture
def second_admin(app: Flask, company: None) -> Visitor:
    """Another admin's browser."""
    return Visitor(app.test_client()).sign_in("second@demo.example", PASSWORD)
