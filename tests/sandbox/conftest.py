"""Fixtures of the sandbox's tests."""

from __future__ import annotations

import pytest

from tests.sandbox.rest_api import Api
from tests.support.sandbox import Tenant


@pytest.fixture
def api(tenant: Tenant) -> Api:
    """The REST API of a tenant of this test's own."""
    return Api(tenant)
