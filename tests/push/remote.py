"""What Autotask holds, as the tests look at it."""

from __future__ import annotations

from typing import Any

from tests.support.connected_desk import Desk


def opportunities(desk: Desk, *titles: str) -> list[dict[str, Any]]:
    """The opportunities of these titles in Autotask."""
    return [row for row in desk.tenant.state()["Opportunities"] if row["title"] in titles]


def items(desk: Desk) -> list[dict[str, Any]]:
    """All items of the newest quote, in order."""
    state = desk.tenant.state()
    number = state["Quotes"][-1]["id"]
    rows = [row for row in state["QuoteItems"] if row["quoteID"] == number]
    return sorted(rows, key=lambda row: row["sortOrderID"])
