"""Undo and redo: each command is undone and done again exactly, and never over a colleague's newer change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from flask import Flask

from tests.support import samples
from webapp.models import Quote, User
from webapp.services.core.errors import Invalid
from webapp.services.quoting.draft import editing, lines, steps, undo

pytestmark = pytest.mark.both_databases


@pytest.fixture
def rep(app: Flask) -> Iterator[User]:
    with app.app_context(), steps.of_session("mine"):
        yield samples.rep()


@pytest.fixture
def quote(rep: User) -> Quote:
    """A draft with lines A to D, which no step made."""
    with steps.of_session(""):
        return samples.quote(rep, *({"name": name, "unit_price": "10", "unit_cost": "4"} for name in "ABCD"))


def named(quote: Quote) -> str:
    return "".join(line.name for line in editing.get(quote.id).lines)


def uid(quote: Quote, name: str) -> str:
    return next(line.uid for line in editing.get(quote.id).lines if line.name == name)


def change(rep: User, quote: Quote, name: str, **values: str) -> None:
    line = lines.find(editing.get(quote.id), uid(quote, name))
    known = {"name": line.name, "unit_price": str(line.unit_price), "quantity": str(line.quantity)}
    lines.change(rep, quote.id, line.uid, {**known, "unit_cost": str(line.unit_cost), **values})


EDITS: dict[str, Callable[[User, Quote], object]] = {
    "change": lambda rep, quote: change(
        rep, quote, "B", quantity="3", discount_kind="percent", discount_value="5"
    ),
    "delete": lambda rep, quote: lines.remove(rep, quote.id, uid(quote, "B")),
    "delete the first": lambda rep, quote: lines.remove(rep, quote.id, uid(quote, "A")),
    "add": lambda rep, quote: lines.add_ad_hoc(rep, quote.id, {"name": "E"}),
    "copy": lambda rep, quote: lines.duplicate(rep, quote.id, uid(quote, "A")),
    "move down": lambda rep, quote: lines.move(rep, quote.id, uid(quote, "A"), 3),
    "move up": lambda rep, quote: lines.move(rep, quote.id, uid(quote, "D"), 1),
    "title": lambda rep, quote: editing.save_header(
        rep, quote.id, {"title": "Another", "shipping_amount": "5"}
    ),
    "customer": lambda rep, quote: editing.set_customer(rep, quote.id, person=None),
}


def state(quote: Quote) -> steps.Image:
    return steps.image(editing.get(quote.id))


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_undone_and_done_again_exactly(rep: User, quote: Quote, edit: str) -> None:
    before, order = state(quote), named(quote)
    EDITS[edit](rep, quote)
    after, changed = state(quote), named(quote)
    assert after != before or order != changed
    undo.undo(rep, quote.id)
    assert (state(quote), named(quote)) == (before, order)
    undo.redo(rep, quote.id)
    assert (state(quote), named(quote)) == (after, changed)
    assert undo.next_labels(rep, quote.id)[1] == ""


def test_a_whole_session_is_undone_step_by_step(rep: User, quote: Quote) -> None:
    states = [(state(quote), named(quote))]
    for edit in EDITS.values():
        edit(rep, quote) if "B" in named(quote) else None
        states.append((state(quote), named(quote)))
    wanted = [one for number, one in enumerate(states[:-1]) if one != states[number + 1]]
    for before in reversed(wanted):
        undo.undo(rep, quote.id)
        assert (state(quote), named(quote)) == before
    with pytest.raises(Invalid, match="nothing to undo"):
        undo.undo(rep, quote.id)


def test_what_a_colleague_changed_since_stays_and_is_named(rep: User, quote: Quote) -> None:
    boss = samples.admin()
    change(rep, quote, "B", quantity="3", unit_price="20")
    with steps.of_session("theirs"):
        change(boss, quote, "B", unit_price="25")
    done = undo.undo(rep, quote.id)
    line = lines.find(editing.get(quote.id), uid(quote, "B"))
    assert (line.quantity, line.unit_price) == (Decimal(1), Decimal(25))
    assert done.kept == ["Ada Admin changed the price of “B” since, so it stays."]
    undo.redo(rep, quote.id)
    assert lines.find(editing.get(quote.id), uid(quote, "B")).quantity == 3
    assert lines.find(editing.get(quote.id), uid(quote, "B")).unit_price == 25


def test_an_added_line_that_a_colleague_changed_is_not_taken_away(rep: User, quote: Quote) -> None:
    lines.add_ad_hoc(rep, quote.id, {"name": "E"})
    with steps.of_session("theirs"):
        change(samples.admin(), quote, "E", unit_price="25")
    done = undo.undo(rep, quote.id)
    assert not done.is_anything
    assert "Ada Admin changed “E” since" in done.kept[0]
    assert named(quote) == "ABCDE"
    assert undo.next_labels(rep, quote.id) == ("", "")


def test_a_new_edit_ends_what_could_be_done_again(rep: User, quote: Quote) -> None:
    change(rep, quote, "A", quantity="2")
    undo.undo(rep, quote.id)
    assert undo.next_labels(rep, quote.id) == ("", "quantity of A")
    lines.remove(rep, quote.id, uid(quote, "D"))
    assert undo.next_labels(rep, quote.id) == ("deleting D", "")


def test_each_session_has_its_own_steps(rep: User, quote: Quote) -> None:
    change(rep, quote, "A", quantity="2")
    with steps.of_session("another"):
        assert undo.next_labels(rep, quote.id) == ("", "")
    assert undo.next_labels(rep, quote.id) == ("quantity of A", "")


def test_a_deleted_line_comes_back_with_every_field(rep: User) -> None:
    with steps.of_session(""):
        draft = samples.quote(rep)
        for values in ({"list_price": "125.50"}, {"list_price": ""}):
            lines.add_item(rep, draft.id, samples.item(rep, **values))
    before = steps.image(editing.get(draft.id))
    for line in list(draft.lines):
        lines.remove(rep, draft.id, line.uid)
    for _ in range(3):
        undo.undo(rep, draft.id)
    assert steps.image(editing.get(draft.id)) == before
    assert [line.list_price for line in draft.lines] == [None, Decimal("125.5"), None]


def test_another_person_in_the_same_browser_undoes_nothing_of_it(rep: User, quote: Quote) -> None:
    change(rep, quote, "A", unit_cost="1")
    admin = samples.admin()
    assert undo.next_labels(admin, quote.id) == ("", "")
    with pytest.raises(Invalid, match="nothing to undo"):
        undo.undo(admin, quote.id)


def test_a_line_that_was_moved_since_stays_where_it_is(rep: User, quote: Quote) -> None:
    lines.move(rep, quote.id, uid(quote, "A"), 3)
    with steps.of_session("theirs"):
        lines.move(rep, quote.id, uid(quote, "A"), 4)
    done = undo.undo(rep, quote.id)
    assert named(quote) == "BCDA"
    assert done.kept == ["“A” was moved since, so it stays where it is."]


SEATS = {"name": "Seats", "unit_price": "20", "recurrence": "monthly", "quantity": "10"}


@pytest.mark.parametrize(
    ("mine", "theirs", "stays"),
    [
        ({"term_months": "12"}, {"term_months": "12", "min_term_months": "12"}, "term_months"),
        ({"term_months": "12"}, {"term_months": "12", "renewal_price": "30"}, "renewal_price"),
        ({"quantity": "15"}, {"quantity": "15", "min_quantity": "12", "max_quantity": "20"}, "quantity"),
        (
            {"min_quantity": "5", "max_quantity": "50"},
            {"min_quantity": "10", "max_quantity": "50"},
            "max_quantity",
        ),
    ],
)
def test_what_no_longer_fits_a_colleagues_change_stays(
    rep: User, mine: dict[str, str], theirs: dict[str, str], stays: str
) -> None:
    with steps.of_session(""):
        quote = samples.quote(rep, SEATS)
    lines.change(rep, quote.id, quote.lines[0].uid, {**SEATS, **mine})
    colleague = samples.admin()
    with steps.of_session("theirs"):
        lines.change(colleague, quote.id, quote.lines[0].uid, {**SEATS, **theirs})
    before = state(quote)
    undone = undo.undo(rep, quote.id)
    assert not undone.is_anything
    assert [colleague.name in sentence for sentence in undone.kept] == [True]
    assert state(quote) == before
    assert getattr(editing.get(quote.id).lines[0], stays)
    with pytest.raises(Invalid, match="nothing to undo"):
        undo.undo(rep, quote.id)
