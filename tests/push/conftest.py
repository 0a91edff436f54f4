"""Fixtures of the push's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.push.kit import Desk, open_desk
from tests.support.sandbox import Tenant


@pytest.fixture
def desk(app: Flask, tenant: Tenant) -> Iterator[Desk]:
    """A connected installation, with its application context open."""
    with app.app_context():
        yield open_desk(app, tenant)
