"""A desk with an admin and a rep, signed in, and the application context for tests without a screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.support import samples
from tests.web.conftest import admin, ids, rep
from webapp.models import User

__all__ = ["admin", "ids", "rep", "rep_of"]


@pytest.fixture
def rep_of(app: Flask) -> Iterator[User]:
    """A rep, as if signed in, with the context open."""
    with app.app_context():
        yield samples.rep()
