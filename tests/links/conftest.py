"""Fixtures of the tests of links."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.push.kit import Desk, open_desk
from tests.settings.visitor import Visitor
from tests.support.sandbox import Tenant
from webapp.services.accounts import users


@pytest.fixture
def desk(app: Flask, tenant: Tenant, redis_url: str) -> Iterator[Desk]:
    """A connected installation, with its application context open."""
    with app.app_context():
        yield open_desk(app, tenant)


@pytest.fixture
def admin(desk: Desk) -> Visitor:
    """The browser of the desk's user, an admin, without JavaScript."""
    return Visitor(desk.app.test_client()).sign_in("rep@demo.example", "a long password")


@pytest.fixture
def seller(desk: Desk) -> Visitor:
    """The browser of a user who is no admin."""
    users.create_user(
        None, email="sam@demo.example", name="Sam Seller", password="a long password", role="rep"
    )
    return Visitor(desk.app.test_client()).sign_in("sam@demo.example", "a long password")
