"""A copied connection is, row by row, what connecting and reading every list leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from tests.settings.conftest import add_company, connect
from tests.support.copies import comparable
from tests.support.sandbox import Tenant


def connect_company(app: Flask, tenant: Tenant) -> None:
    add_company()
    connect(app, tenant)


def test_it_is_the_same(
    app: Flask, connected: Tenant, as_set_up: Callable[..., dict[str, list[Any]]]
) -> None:
    set_up, copied = as_set_up(connect_company), comparable(app, connected)
    for table, rows in set_up.items():
        assert copied[table] == rows, table
    assert len(set_up["remote_metadata"]) > 20
