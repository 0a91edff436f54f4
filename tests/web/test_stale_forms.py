"""Two people edit the same record: the second sees what the first saved and overwrites it only on purpose."""

from __future__ import annotations

import pytest

from smoke.forms import Form, read_forms
from tests.support.visitor import HTMX, Visitor, errors, text
from tests.web.conftest import Ids

# page, field, the input of the first and the second person, how the second sees the first's input
FORMS = {
    "item": ("/items/1", "name", "Wall of the first", "Wall of the second", "Wall of the first"),
    "price": ("/items/1", "unit_price", "111", "222", "111"),
    "tax of an item": ("/items/1", "tax_code_id", "", "1", "None"),
    "person": ("/people/1", "last_name", "Lee-First", "Lee-Second", "Lee-First"),
    "organization of a person": ("/people/1", "organization", "First Ltd", "Second Ltd", "First Ltd"),
    "city": ("/people/organizations/1", "billing_city", "Firstville", "Secondville", "Firstville"),
    "tax code": ("/items/tax-codes/1", "rate", "1.5", "2.5", "1.5"),
}


def form_of(visitor: Visitor, page: str, field: str) -> Form:
    form = next(one for one in read_forms(visitor.client.get(page).text) if field in one.names())
    form.action = form.action or page
    return form


@pytest.mark.parametrize("what", FORMS)
@pytest.mark.both_databases
def test_the_second_person_sees_the_conflict_and_can_overwrite(admin: Visitor, ids: Ids, what: str) -> None:
    page, field, first, second, shown = FORMS[what]
    mine, theirs = form_of(admin, page, field), form_of(admin, page, field)
    assert admin.send(theirs, {field: first}).status_code == 303
    answer = admin.send(mine, {field: second})
    assert answer.status_code == 409
    assert "was changed while you were editing, so your changes aren't saved yet" in text(answer)
    assert errors(answer)[field] == f"Saved value: {shown}."
    again = next(one for one in read_forms(answer.text) if field in one.names())
    again.action = again.action or page
    assert dict(again.fields)[field] == second, "what was typed is still in the form"
    assert dict(form_of(admin, page, field).fields).get(field, "") == first
    assert admin.send(again).status_code == 303
    assert dict(form_of(admin, page, field).fields)[field] == second


def test_categories_too(admin: Visitor, ids: Ids) -> None:
    new = form_of(admin, "/items/categories/new", "parent_id")
    assert admin.send(new, {"name": "Cables"}).status_code == 303
    mine, theirs = (form_of(admin, "/items/categories/1", "parent_id") for _ in range(2))
    assert admin.send(theirs, {"name": "Wires"}).status_code == 303
    answer = admin.send(mine, {"name": "Cords"})
    assert (answer.status_code, errors(answer)["name"]) == (409, "Saved value: Wires.")


def test_the_company_profile_too(admin: Visitor, ids: Ids) -> None:
    mine, theirs = (form_of(admin, "/settings/company", "terms") for _ in range(2))
    assert admin.send(theirs, {"name": "First Inc"}).status_code == 303
    answer = admin.send(mine, {"name": "Second Inc", "terms": "Pay at once."})
    assert answer.status_code == 409
    assert "Pay at once." in answer.text
    assert dict(form_of(admin, "/settings/company", "terms").fields)["name"] == "First Inc"


def test_required_fields_too(admin: Visitor, ids: Ids) -> None:
    mine, theirs = (form_of(admin, "/settings/required-fields", "fields") for _ in range(2))
    assert admin.send(theirs, {"fields": "email"}).status_code == 303
    answer = admin.send(mine, {"fields": "title"})
    assert answer.status_code == 409
    assert "They are still below" in text(answer)
    assert 'value="title" checked' in answer.text
    assert "Saved value: not required" in text(answer)
    assert form_of(admin, "/settings/required-fields", "fields").fields.count(("fields", "email")) == 1


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_line_of_a_quote(rep: Visitor, ids: Ids, headers: dict[str, str]) -> None:
    mine, theirs = (form_of(rep, ids.quote_page, "unit_cost") for _ in range(2))
    assert rep.send(theirs, {"unit_price": "111"}).status_code == 303
    answer = rep.client.post(mine.action, data=dict(mine.fill({"unit_price": "222"})), headers=headers)
    assert answer.status_code == 409
    assert "Saved version: Rack, 1 × $111.00" in text(answer)
    assert dict(form_of(rep, ids.quote_page, "unit_cost").fields)["unit_price"] == "111.00"


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_the_head_of_a_quote(rep: Visitor, ids: Ids, headers: dict[str, str]) -> None:
    mine, theirs = (form_of(rep, ids.quote_page, "comments") for _ in range(2))
    assert rep.send(theirs, {"comments": "From the first"}).status_code == 303
    answer = rep.client.post(
        mine.action, data=dict(mine.fill({"comments": "From the second"})), headers=headers
    )
    assert answer.status_code == 409
    assert "This quote was changed while you were editing" in text(answer)
    assert dict(form_of(rep, ids.quote_page, "comments").fields)["comments"] == "From the first"
