"""The places of lines: in order whatever is added, moved or refused, and without a statement for each line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import event

from tests.support import samples
from webapp.models import Quote, User, db
from webapp.services.core import work
from webapp.services.quoting.draft import editing, lines

pytestmark = pytest.mark.both_databases
COUNT = 30


@pytest.fixture
def rep(app: Flask) -> Iterator[User]:
    with app.app_context():
        yield samples.rep()


@pytest.fixture
def quote(rep: User) -> Quote:
    return samples.quote(rep, *({"name": f"Line {number}"} for number in range(COUNT)))


def named(quote: Quote) -> list[str]:
    return [line.name.removeprefix("Line ") for line in editing.get(quote.id).lines]


def places(quote: Quote) -> list[int]:
    """As stored."""
    query = db.select(db.text("position")).select_from(db.text("quote_line")).where(db.text("quote_id = :id"))
    return sorted(db.session.scalars(query, {"id": quote.id}))


@contextmanager
def counted_rows() -> Iterator[list[int]]:
    """The rows that each UPDATE of lines was sent for."""
    found: list[int] = []

    def note(_c: object, _k: object, statement: str, parameters: object, _x: object, many: bool) -> None:
        if statement.startswith("UPDATE quote_line"):
            found.append(len(parameters) if many and isinstance(parameters, list) else 1)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@work.command
def copy_and_fail(rep: User, quote: Quote, uid: str) -> None:
    lines.duplicate(rep, quote.id, uid)
    raise ZeroDivisionError


def test_a_line_at_the_top_renumbers_all_below_it_in_one_statement(rep: User, quote: Quote) -> None:
    uids = lines.order(quote.id)
    with counted_rows() as rows:
        lines.duplicate(rep, quote.id, uids[0])
        lines.move(rep, quote.id, uids[0], COUNT)
        lines.remove(rep, quote.id, uids[1])
    assert sum(rows) <= 6
    expected = [str(number) for number in range(COUNT)]
    assert named(quote) == [expected[0], *expected[2:-1], "0", expected[-1]]
    assert places(quote) == list(range(COUNT))


def test_what_follows_a_refused_change_in_its_transaction_numbers_the_lines_as_they_are_stored(
    rep: User, quote: Quote
) -> None:
    uids = lines.order(quote.id)
    with work.unit():
        with pytest.raises(ZeroDivisionError):
            copy_and_fail(rep, quote, uids[0])
        lines.move(rep, quote.id, uids[0], 2)
    assert named(quote)[:3] == ["1", "0", "2"]
    assert places(quote) == list(range(COUNT))
