"""A copied office is, row by row, one that was opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.activity.office import Office, open_office
from tests.support.copies import comparable


def test_it_is_an_opened_one(office: Office, as_set_up: Callable[..., dict[str, list[Any]]]) -> None:
    opened, copied = as_set_up(open_office), comparable(office.app, office.tenant)
    for table, rows in opened.items():
        assert copied[table] == rows, table
