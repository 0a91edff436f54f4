"""The editor without JavaScript: one button saves everything, or the page says what wasn't saved."""

from __future__ import annotations

import pytest

from smoke.forms import Form, read_forms
from tests.support.visitor import Visitor, text
from tests.web.conftest import Ids


@pytest.fixture
def plain(rep: Visitor, ids: Ids) -> str:
    """The page of a quote with two lines, as a browser without JavaScript gets it."""
    page = f"{ids.quote_page}?plain=1"
    assert page in rep.client.get(ids.quote_page).text
    form = whole(rep, page)
    uid = names(form, "unit_price")[0].partition(".")[0]
    assert rep.send(form, {"do": f"copy {uid}"}).status_code == 303
    return page


def whole(visitor: Visitor, page: str) -> Form:
    return visitor.form(page, "/all")


def names(form: Form, field: str) -> list[str]:
    return [name for name, _ in form.fields if name.endswith(f".{field}")]


def test_edits_of_two_lines_and_the_details_are_saved_with_one_button(rep: Visitor, plain: str) -> None:
    form = whole(rep, plain)
    first, second = names(form, "unit_price")
    assert rep.send(form, {first: "11", second: "22", "header.title": "Racks"}).status_code == 303
    fields = dict(whole(rep, plain).fields)
    assert (fields[first], fields[second], fields["header.title"]) == ("11.00", "22.00", "Racks")


def test_what_is_not_saved_is_told_and_nothing_is_published(rep: Visitor, plain: str) -> None:
    form = whole(rep, plain)
    first, second = names(form, "unit_price")
    answer = rep.send(form, {first: "1l", second: "22", "do": "publish"})
    assert answer.status_code == 422
    assert "Not saved: 1 of the lines. Fix the highlighted fields. Everything else was saved." in text(answer)
    again = next(one for one in read_forms(answer.text) if one.action.endswith("/all"))
    assert dict(again.fields)[first] == "1l"
    assert dict(whole(rep, plain).fields)[second] == "22.00"
    assert "Draft" in text(rep.client.get(plain))


def test_typed_edits_are_published(rep: Visitor, plain: str) -> None:
    form = whole(rep, plain)
    first, _ = names(form, "unit_price")
    answer = rep.send(form, {first: "11", "do": "publish"})
    assert answer.status_code == 409, "the totals with it weren't on the screen"
    again = next(one for one in read_forms(answer.text) if one.action.endswith("/all"))
    assert rep.send(again, {"do": "publish"}).status_code == 303
    assert "Published as quote" in text(rep.client.get(plain))


def test_deleting_a_line_or_a_draft_asks_first(rep: Visitor, plain: str) -> None:
    form = whole(rep, plain)
    uid = names(form, "unit_price")[0].partition(".")[0]
    asked = rep.send(form, {"do": f"delete {uid}"})
    assert "Delete the line “Rack”?" in text(asked)
    assert len(names(whole(rep, plain), "unit_price")) == 2
    sure = next(one for one in read_forms(asked.text) if "sure" in one.names())
    assert rep.send(sure).status_code == 303
    assert len(names(whole(rep, plain), "unit_price")) == 1
    draft = rep.form(plain, "/delete")
    asked = rep.send(draft)
    assert "Delete this draft with all its lines?" in text(asked)
    assert rep.client.get(plain).status_code == 200
    sure = next(one for one in read_forms(asked.text) if "sure" in one.names())
    assert rep.send(sure).status_code == 303
    assert rep.client.get(plain).status_code == 404
