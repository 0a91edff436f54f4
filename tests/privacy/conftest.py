"""The desk and the browsers of the tests of the pages."""

from __future__ import annotations

from tests.web.conftest import admin, ids, rep

__all__ = ["admin", "ids", "rep"]
