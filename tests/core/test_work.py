"""A unit of work is stored whole or not at all, and rings only for what was stored."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from webapp.models import TaxCode, db
from webapp.services.core import work


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def stored() -> set[str]:
    db.session.rollback()
    return set(db.session.scalars(db.select(TaxCode.name)))


@work.command
def add(name: str) -> TaxCode:
    code = TaxCode(name=name, rate=1)
    db.session.add(code)
    db.session.flush()
    work.ring()
    return code


@work.command
def add_two(first: str, second: str) -> None:
    add(first)
    add(second)
    if second == "wrong":
        raise ValueError(second)


def test_a_command_by_itself_is_stored() -> None:
    assert add("NY").name == "NY"
    assert stored() == {"NY"}


def test_commands_inside_a_command_are_stored_together_or_not_at_all() -> None:
    with pytest.raises(ValueError, match="wrong"):
        add_two("right", "wrong")
    assert stored() == set()
    add_two("one", "two")
    assert stored() == {"one", "two"}


def test_what_a_view_puts_together_is_one_transaction() -> None:
    with pytest.raises(ValueError, match="wrong"), work.unit():
        add_two("right", "wrong")
    assert stored() == set()


def test_a_refused_command_leaves_nothing_when_its_caller_goes_on() -> None:
    with work.unit():
        add("kept")
        with pytest.raises(ValueError, match="wrong"):
            add_two("right", "wrong")
    assert stored() == {"kept"}


def test_the_bell_rings_once_after_the_commit_and_never_for_what_was_rolled_back() -> None:
    heard: list[set[str]] = []
    with work.bell(lambda: heard.append(stored())):
        add_two("one", "two")
        with pytest.raises(ValueError, match="wrong"):
            add_two("right", "wrong")
    assert heard == [{"one", "two"}]
    add("without a bell")
    assert heard == [{"one", "two"}]
