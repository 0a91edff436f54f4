"""Fixtures of the tests of the activity pages."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask

from tests.activity.office import ADMIN, COLLEAGUE, OWNER, Office, copy_office, open_office
from tests.support.copies import Copied, copied
from tests.support.sandbox import Tenant
from tests.support.visitor import Visitor


@pytest.fixture(scope="session")
def opened_office(new_installation: Callable[[], AbstractContextManager[tuple[Flask, Tenant]]]) -> Copied:
    """What ``open_office`` leaves."""
    with new_installation() as (app, tenant):
        return copied(app, tenant, open_office)


@pytest.fixture
def office(app: Flask, tenant: Tenant, redis_url: str, opened_office: Copied) -> Office:
    """Connected to a tenant of its own."""
    return copy_office(app, tenant, opened_office)


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
