"""Fixtures of the tests of the activity pages."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.activity.office import ADMIN, COLLEAGUE, OWNER, Office, open_office
from tests.support.sandbox import Tenant
from tests.support.visitor import Visitor


@pytest.fixture
def office(app: Flask, tenant: Tenant, redis_url: str) -> Office:
    """Connected to a tenant of its own."""
    return open_office(app, tenant)


@pytest.fixture
def admin(office: Office) -> Visitor:
    """The admin's browser."""
    return office.visitor(ADMIN)


@pytest.fixture
def owner(office: Office) -> Visitor:
    """The browser of the rep whose quotes they are."""
    return office.visitor(OWNER)


@pytest.fixture
def colleague(office: Office) -> Visitor:
    """The browser of another rep."""
    return office.visitor(COLLEAGUE)
