"""The list of quotes: sorted, counted and added up as a whole, not by page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import event

from tests.support import samples
from webapp.models import Person, User, db
from webapp.services.quoting.draft import sections
from webapp.services.quoting.lists import listing
from webapp.services.quoting.lists.listing import View


@pytest.fixture
def viewer(app: Flask) -> Iterator[User]:
    """A rep with three quotes, in the app's context."""
    with app.app_context():
        rep = samples.rep()
        customer: Person = samples.person(rep)
        line = {"name": "Care", "unit_price": "50", "unit_cost": "25", "recurrence": "monthly"}
        for title, price, number in (("Beta", "100", 7), ("Alpha", "200", None), ("Gamma", "300", 3)):
            once = {"name": "Rack", "unit_price": price, "unit_cost": "50"}
            quote = samples.quote(rep, once, line, customer=customer)
            quote.title, quote.number = title, number
        db.session.commit()
        yield rep


@contextmanager
def asked() -> Iterator[list[str]]:
    """The statements that are sent to the database by now."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def titles(viewer: User, sort: str) -> list[str]:
    return [row.quote.title for row in listing.search(viewer, View(sort=sort)).rows]


def test_each_head_sorts_both_ways(viewer: User) -> None:
    assert titles(viewer, "title") == ["Alpha", "Beta", "Gamma"]
    assert titles(viewer, "-title") == ["Gamma", "Beta", "Alpha"]
    assert titles(viewer, "number") == ["Gamma", "Beta", "Alpha"]
    assert titles(viewer, "-number") == ["Alpha", "Beta", "Gamma"]
    assert titles(viewer, listing.LATEST) == titles(viewer, "updated")[::-1]
    assert len(titles(viewer, "expires")) == 3


def test_the_sums_are_of_the_whole_view(viewer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {"USD": {"one_time": Decimal("600.00"), "monthly": Decimal("150.00")}}
    page = listing.search(viewer, View())
    assert (page.count, page.sums) == (3, whole)
    monkeypatch.setattr(listing, "PAGE", 2)
    page = listing.search(viewer, View())
    assert (len(page.rows), page.more, page.count, page.sums) == (2, True, 3, None)
    assert listing.foot(viewer, View()) == (3, whole)
    assert listing.foot(viewer, View(text="alph")) == (
        1,
        {"USD": {"one_time": Decimal("200.00"), "monthly": Decimal("50.00")}},
    )
    monkeypatch.setattr(listing, "MOST_SUMMED", 2)
    with asked() as statements:
        assert listing.foot(viewer, View()) == (3, None)
    assert len(statements) == 1, "no quote is loaded"


def test_a_list_of_ten_quotes_asks_as_often_as_one_of_three(viewer: User) -> None:
    def ask() -> int:
        db.session.commit()
        db.session.expunge_all()
        with asked() as statements:
            listing.search(db.session.merge(viewer), View())
        return len(statements)

    few = ask()
    me = db.session.merge(viewer)
    customer = samples.person(me, email="bo@birch.example")
    for number in range(7):
        quote = samples.quote(me, customer=customer)
        values = {"title": f"Part {number}", "discount_kind": "percent", "discount_value": "10"}
        section = sections.add(me, quote.id, values)
        sections.put_lines(me, quote.id, [quote.lines[0].uid], section.uid)
    assert ask() == few


def test_the_margin_of_a_row_is_that_of_its_first_year(viewer: User) -> None:
    row = listing.search(viewer, View(text="beta")).rows[0]
    # (100 - 50 + 12 * 25) of 100 + 12 * 50
    assert row.margin_percent == Decimal("50.0")
    assert row.recurring == [("monthly", Decimal("50.00"))]
