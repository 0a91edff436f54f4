"""Two people edit the same record: the second sees what the first saved and overwrites it only on purpose."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from smoke.forms import Form, read_forms
from tests.support import samples, sheet
from tests.support.visitor import HTMX, Visitor, errors, text
from tests.web.conftest import Ids
from webapp.services.accounts import users

# page, field, the input of the first and the second person, how the second sees the first's input
FORMS = {
    "item": ("/items/1", "name", "Wall of the first", "Wall of the second", "Wall of the first"),
    "price": ("/items/1", "unit_price", "111", "222", "111"),
    "tax of an item": ("/items/1", "tax_code_id", "", "2", "nothing"),
    "person": ("/people/1", "last_name", "Lee-First", "Lee-Second", "Lee-First"),
    "organization of a person": ("/people/1", "organization", "First Ltd", "Second Ltd", "First Ltd"),
    "city": ("/people/organizations/1", "billing_city", "Firstville", "Secondville", "Firstville"),
    "tax code": ("/items/tax-codes/1", "rate", "1.5", "2.5", "1.5"),
}


@pytest.fixture
def sam(app: Flask, ids: Ids) -> Visitor:
    """The browser of another admin."""
    with app.app_context():
        account = {"email": "sam@desk.example", "password": samples.PASSWORD, "role": "admin"}
        users.create_user(None, name="Sam Second", **account)
    return Visitor(app.test_client()).sign_in("sam@desk.example", samples.PASSWORD)


def form_of(visitor: Visitor, page: str, field: str) -> Form:
    form = next(one for one in read_forms(visitor.client.get(page).text) if field in one.names())
    form.action = form.action or page
    return form


def part_of_quote(visitor: Visitor, ids: Ids, field: str) -> Form:
    """The form of the quote that has this field: its head's, or its first line's on the line's page."""
    if field == "unit_cost":
        return sheet.line_form(visitor, ids.quote_page)
    return form_of(visitor, ids.quote_page, field)


VAT: dict[str, str | bool] = {"name": "GST", "rate": "19", "is_active": True}


def pressed(visitor: Visitor, answer: TestResponse, form: Form, button: str, field: str) -> TestResponse:
    """Send the form of a page that asks, with one of its buttons."""
    again = next(one for one in read_forms(answer.text) if (button, field) in one.buttons)
    return visitor.client.post(again.action or form.action, data={**dict(again.fields), button: field})


@pytest.mark.parametrize("what", FORMS)
@pytest.mark.both_databases
def test_both_values_of_a_field_are_shown_with_the_name(
    admin: Visitor, sam: Visitor, ids: Ids, what: str
) -> None:
    page, field, first, second, shown = FORMS[what]
    assert admin.send(form_of(admin, "/items/tax-codes/new", "rate"), VAT).status_code == 303
    mine, theirs = form_of(admin, page, field), form_of(sam, page, field)
    assert sam.send(theirs, {field: first}).status_code == 303
    answer = admin.send(mine, {field: second})
    assert answer.status_code == 409
    assert "Sam Second changed this" in text(answer)
    assert f"Sam Second changed this to “{shown}”." in errors(answer)[field]
    name = field.removesuffix("_id")
    # Sent once more as it is, it asks once more.
    again = next(one for one in read_forms(answer.text) if field in one.names())
    again.action = again.action or page
    assert dict(again.fields)[field] == second, "what was typed is still in the form"
    assert admin.send(again).status_code == 409
    assert dict(form_of(admin, page, field).fields).get(field, "") == first
    assert pressed(admin, answer, mine, "use_mine", name).status_code == 303
    assert dict(form_of(admin, page, field).fields)[field] == second


def test_theirs_can_be_kept(admin: Visitor, rep: Visitor, ids: Ids) -> None:
    mine, theirs = form_of(admin, "/items/1", "name"), form_of(rep, "/items/1", "name")
    assert rep.send(theirs, {"name": "Theirs"}).status_code == 303
    answer = admin.send(mine, {"name": "Mine", "sku": "M-1"})
    assert pressed(admin, answer, mine, "keep_theirs", "name").status_code == 303
    fields = dict(form_of(admin, "/items/1", "name").fields)
    assert (fields["name"], fields["sku"]) == ("Theirs", "M-1")


# page, then the field of the first and of the second person with their input
MERGED = {
    "item": ("/items/1", ("name", "New name"), ("sku", "N-7")),
    "person": ("/people/1", ("last_name", "New"), ("phone", "+1 555 0177")),
    "organization": ("/people/organizations/1", ("phone", "+1 555 0177"), ("billing_city", "Here")),
    "tax code": ("/items/tax-codes/1", ("name", "VAT"), ("rate", "7")),
    "company": ("/settings/company", ("name", "Northwind"), ("terms", "Pay at once.")),
    "user": ("/settings/users/2", ("name", "Robin"), ("role", "admin")),
}


@pytest.mark.parametrize("what", MERGED)
def test_different_fields_of_one_form_both_stand(admin: Visitor, ids: Ids, what: str) -> None:
    page, first, second = MERGED[what]
    field = first[0]
    if what == "company":
        assert admin.send(form_of(admin, page, field), {"name": "Before"}).status_code == 303
    mine, theirs = form_of(admin, page, field), form_of(admin, page, field)
    assert admin.send(theirs, dict([first])).status_code == 303
    assert admin.send(mine, dict([second])).status_code == 303
    fields = dict(form_of(admin, page, field).fields)
    assert fields[field] == first[1]
    assert fields[second[0]].strip() == second[1]


def test_a_user(admin: Visitor, ids: Ids) -> None:
    mine, theirs = (form_of(admin, "/settings/users/2", "name") for _ in range(2))
    assert admin.send(theirs, {"name": "First"}).status_code == 303
    answer = admin.send(mine, {"name": "Second"})
    assert answer.status_code == 409
    assert "changed this to “First”. You entered “Second”." in text(answer)


def test_a_loss_reason(admin: Visitor, ids: Ids) -> None:
    page = "/settings/loss-reasons"
    mine, theirs = (form_of(admin, page, "reason-1") for _ in range(2))
    assert admin.send(theirs, {"reason-1": "Too much", "new-1": "Timing"}).status_code == 303
    answer = admin.send(mine, {"reason-1": "Costs", "reason-2": "Another"})
    assert answer.status_code == 409
    assert "changed this to “Too much”. You entered “Costs”." in text(answer)
    assert pressed(admin, answer, mine, "use_mine", "reason-1").status_code == 303
    fields = dict(form_of(admin, page, "reason-1").fields)
    assert (fields["reason-1"], fields["reason-2"], fields["reason-6"]) == ("Costs", "Another", "Timing")


def test_a_loss_reason_that_someone_added_survives_a_refused_form(admin: Visitor, ids: Ids) -> None:
    page = "/settings/loss-reasons"
    mine, theirs = (form_of(admin, page, "reason-1") for _ in range(2))
    assert admin.send(theirs, {"new-1": "Timing"}).status_code == 303
    answer = admin.send(mine, {"new-1": "Fashion", "new-2": "fashion"})
    assert answer.status_code == 422
    again = next(one for one in read_forms(answer.text) if "reason-1" in one.names())
    again.action = page
    assert (dict(again.fields)["new-1"], dict(again.fields)["new-2"]) == ("Fashion", "fashion")
    assert admin.send(again, {"new-2": ""}).status_code == 303
    assert dict(form_of(admin, page, "reason-1").fields)["reason-6"] == "Timing"


def test_categories_too(admin: Visitor, ids: Ids) -> None:
    new = form_of(admin, "/items/categories/new", "parent_id")
    assert admin.send(new, {"name": "Cables"}).status_code == 303
    mine, theirs = (form_of(admin, "/items/categories/1", "parent_id") for _ in range(2))
    assert admin.send(theirs, {"name": "Wires"}).status_code == 303
    answer = admin.send(mine, {"name": "Cords"})
    assert answer.status_code == 409
    assert "changed this to “Wires”. You entered “Cords”." in errors(answer)["name"]


def test_the_company_profile_too(admin: Visitor, ids: Ids) -> None:
    mine, theirs = (form_of(admin, "/settings/company", "terms") for _ in range(2))
    assert admin.send(theirs, {"name": "First Inc"}).status_code == 303
    answer = admin.send(mine, {"name": "Second Inc", "terms": "Pay at once."})
    assert answer.status_code == 409
    assert "Pay at once." in answer.text
    assert dict(form_of(admin, "/settings/company", "terms").fields)["name"] == "First Inc"


def test_required_fields_are_merged_box_by_box(admin: Visitor, ids: Ids) -> None:
    mine, theirs = (form_of(admin, "/settings/required-fields", "fields") for _ in range(2))
    before = {value for name, value in mine.fields if name == "fields"}
    assert before == {"last_name", "email"}
    assert (
        admin.client.post(
            theirs.action, data={**dict(theirs.fields), "fields": [*before, "title"]}
        ).status_code
        == 303
    )
    assert (
        admin.client.post(mine.action, data={**dict(mine.fields), "fields": ["email", "mobile"]}).status_code
        == 303
    )
    now = {
        value
        for name, value in form_of(admin, "/settings/required-fields", "fields").fields
        if name == "fields"
    }
    assert now == {"email", "mobile", "title"}


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_line_of_a_quote(rep: Visitor, ids: Ids, headers: dict[str, str]) -> None:
    mine, theirs = (sheet.line_form(rep, ids.quote_page) for _ in range(2))
    assert rep.send(theirs, {"unit_price": "111"}).status_code == 303
    answer = rep.client.post(mine.action, data=dict(mine.fill({"unit_price": "222"})), headers=headers)
    assert answer.status_code == 409
    assert "You (in another tab) changed this to “111”. You entered “222”." in text(answer)
    assert "Your change hasn't been saved." in text(answer)
    assert dict(sheet.line_form(rep, ids.quote_page).fields)["unit_price"] == "111.00"


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_the_head_of_a_quote(rep: Visitor, ids: Ids, headers: dict[str, str]) -> None:
    mine, theirs = (form_of(rep, ids.quote_page, "comments") for _ in range(2))
    assert rep.send(theirs, {"comments": "From the first"}).status_code == 303
    answer = rep.client.post(
        mine.action, data=dict(mine.fill({"comments": "From the second"})), headers=headers
    )
    assert answer.status_code == 409
    assert "You (in another tab) changed this to “From the first”." in text(answer)
    assert dict(form_of(rep, ids.quote_page, "comments").fields)["comments"] == "From the first"


# the fields of the first and of the second person, on the page of a quote
BOTH = {
    "line": ("unit_cost", ("quantity", "5"), ("unit_price", "222.00")),
    "head": ("comments", ("title", "New title"), ("comments", "Hello")),
}


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("what", BOTH)
def test_different_fields_of_a_quote_both_stand(
    rep: Visitor, admin: Visitor, ids: Ids, what: str, headers: dict[str, str]
) -> None:
    field, first, second = BOTH[what]
    mine, theirs = part_of_quote(rep, ids, field), part_of_quote(admin, ids, field)
    assert admin.send(theirs, dict([first])).status_code == 303
    answer = rep.client.post(mine.action, data=dict(mine.fill(dict([second]))), headers=headers)
    assert answer.status_code == (200 if headers else 303)
    fields = dict(part_of_quote(rep, ids, field).fields)
    assert (fields[first[0]], fields[second[0]].strip()) == (first[1], second[1])


@pytest.mark.parametrize("what", BOTH)
def test_a_refused_entry_of_a_quote_is_asked_about_each_time(
    rep: Visitor, admin: Visitor, ids: Ids, what: str
) -> None:
    field, (name, value), other = BOTH[what]
    mine, theirs = part_of_quote(rep, ids, field), part_of_quote(admin, ids, field)
    typed = "7" if what == "line" else "Mine"
    assert admin.send(theirs, {name: value}).status_code == 303
    answer = rep.send(mine, {name: typed})
    entries: tuple[dict[str, str | bool], ...] = ({}, {}, {other[0]: other[1]})
    for entered in entries:
        assert answer.status_code == 409
        assert f"Ada Admin changed this to “{value}”. You entered “{typed}”." in text(answer)
        again = next(one for one in read_forms(answer.text) if one.action == mine.action)
        answer = rep.send(again, entered)
        assert dict(part_of_quote(rep, ids, field).fields)[name] == value
