"""A desk with one rep, and its application context open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.support import samples
from webapp.models import User


@pytest.fixture
def rep(app: Flask) -> Iterator[User]:
    """A rep, as if signed in."""
    with app.app_context():
        yield samples.rep()
