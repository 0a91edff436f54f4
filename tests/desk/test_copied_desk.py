"""A copied desk is, row by row, one that was opened, on both databases; and it counts on like one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.connected_desk import Desk, every_kind, open_desk
from tests.support.copies import comparable

pytestmark = pytest.mark.both_databases


def test_it_is_an_opened_one(desk: Desk, as_set_up: Callable[..., dict[str, list[Any]]]) -> None:
    opened, copied = as_set_up(open_desk), comparable(desk.app, desk.tenant)
    for table, rows in opened.items():
        assert copied[table] == rows, table
    assert len(opened["remote_metadata"]) > 5


def test_its_next_rows_follow_and_its_pushes_arrive(desk: Desk) -> None:
    run = desk.push(desk.quote(*every_kind(desk)))
    assert (run.state, run.sentence) == ("synced", "")
    desk.save(company=desk.settings("company").model_copy(update={"company_type": None}))
    assert len(desk.tenant.state()["Quotes"]) == 1
