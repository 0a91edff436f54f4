"""Wrong, too long or outdated input: a sentence each time, and nothing lost."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from smoke.forms import Form, read_forms
from tests.support import samples, sheet
from tests.support.visitor import HTMX, Visitor, text
from tests.web.conftest import Ids
from tests.web.test_stale_forms import form_of
from webapp.models import TaxCode, db
from webapp.services.catalog import tax_codes

LONGEST = 100_000
FORMS = [{}, HTMX]


def line_form(visitor: Visitor, ids: Ids) -> Form:
    """The form with all fields of the quote's first line, on the page of that line."""
    return sheet.line_form(visitor, ids.quote_page)


def send_line(visitor: Visitor, ids: Ids, headers: dict[str, str], **values: str) -> TestResponse:
    """Save the quote's first line with ``values`` entered."""
    form = line_form(visitor, ids)
    return visitor.client.post(form.action, data=dict(form.fill(values)), headers=headers)


def stored_line(visitor: Visitor, ids: Ids) -> dict[str, str]:
    fields = dict(line_form(visitor, ids).fields)
    return {name: value for name, value in fields.items() if name != "csrf_token"}


def cell_error(answer: TestResponse, name: str) -> str:
    """The error next to a field of a line."""
    found = re.search(rf'class="cell-error" id="e-[\w-]+-{name}"[^>]*>([^<]*)<', answer.text)
    return html.unescape(found[1]) if found else ""


def publish(visitor: Visitor, page: str) -> TestResponse:
    return visitor.send(visitor.form(page, "/publish"))


@pytest.mark.parametrize("headers", FORMS, ids=["page", "htmx"])
@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("quantity", "-3", "Enter a number greater than 0."),
        ("quantity", "0", "Enter a number greater than 0."),
        ("quantity", "\u22122", "Enter a number greater than 0."),
        ("quantity", "1e9", "Enter a number, for example 1250 or 12.50."),
        ("quantity", "9999999", "Enter 1,000,000 or less."),
        ("unit_price", "-100000001", "Enter -100,000,000 or more."),
        ("unit_cost", "-1", "Enter 0 or more."),
        ("unit_price", "12,50", "Use a period for decimals, for example 12.50."),
        ("quantity", "0,250", "Enter a number, for example 1250 or 12.50."),
        ("unit_cost", "0,999", "Enter a number, for example 1250 or 12.50."),
        (
            "unit_price",
            "€12.50",
            "This amount is in US dollars (USD), so “€” can't be used. Enter it in USD.",
        ),
        (
            "unit_cost",
            "£1,200",
            "This amount is in US dollars (USD), so “£” can't be used. Enter it in USD.",
        ),
        ("unit_price", "NaN", "Enter a number, for example 1250 or 12.50."),
        ("discount_value", "-5", "Enter 0 or more."),
        ("name", "", "Enter a name for this line."),
        ("name", "n" * 201, "Use up to 200 characters. This has 201."),
        ("description", "d" * (LONGEST + 1), "Use up to 100,000 characters. This has 100,001."),
        ("tax_code_id", "999", "This tax code was deleted. Choose another."),
        ("category", "Hardwear", "There's no category with this name. Choose one from the list."),
    ],
)
def test_a_wrong_value_in_a_line(
    rep: Visitor, ids: Ids, headers: dict[str, str], name: str, value: str, sentence: str
) -> None:
    before = stored_line(rep, ids)
    answer = send_line(rep, ids, headers, **{name: value})
    assert answer.status_code == 422
    assert cell_error(answer, name) == sentence
    assert stored_line(rep, ids) == before
    if not headers and value and not name.endswith("_id"):
        assert html.escape(value) in answer.text, "what was typed is still in the form"


def test_a_discount_without_its_kind_is_asked_about(rep: Visitor, ids: Ids) -> None:
    answer = send_line(rep, ids, {}, discount_value="5", discount_kind="none")
    assert cell_error(answer, "discount_value") == "Choose a discount type."


def test_the_longest_description_goes_all_the_way_to_the_customer(rep: Visitor, ids: Ids) -> None:
    words = ("Lorem ipsum dolor sit amet. " * 4000)[: LONGEST - 4] + " end"
    assert send_line(rep, ids, {}, description=words).status_code == 303
    assert stored_line(rep, ids)["description"] == words
    assert publish(rep, ids.quote_page).status_code == 303
    page = rep.client.get(ids.quote_page).text
    link = re.search(r'href="(/q/[\w-]+)"', page)
    assert link
    offer = rep.client.get(link[1])
    assert offer.status_code == 200
    assert words in offer.text
    pdf = rep.client.get(f"{link[1]}/quote.pdf")
    assert (pdf.status_code, pdf.data[:5]) == (200, b"%PDF-")


def test_a_quote_without_lines(rep: Visitor, ids: Ids) -> None:
    line = sheet.line_form(rep, ids.quote_page)
    assert rep.send_and_confirm(rep.form(line.action, f"{line.action}/delete")).status_code == 303
    answer = publish(rep, ids.quote_page)
    assert answer.status_code == 422
    assert "The quote wasn't published." in text(answer)
    assert "Add at least one line." in _alert(answer)


def test_a_quote_without_a_contact(rep: Visitor, ids: Ids) -> None:
    begin = next(
        form
        for form in read_forms(rep.client.get("/quotes/new").text)
        if form.action == "/quotes/new" and form.names() == {"csrf_token"}
    )
    page = rep.send(begin).location
    rep.send(rep.form(f"{page}/find?q=Cable", "/lines"))
    answer = publish(rep, page)
    assert answer.status_code == 422
    assert "Choose a customer." in _alert(answer)
    assert "Cable" in answer.text


def test_an_inactive_tax_code_names_its_line(app: Flask, admin: Visitor, rep: Visitor, ids: Ids) -> None:
    form = form_of(admin, f"/items/tax-codes/{ids.tax_code}", "rate")
    assert admin.send(form, {"is_active": False}).status_code == 303
    answer = publish(rep, ids.quote_page)
    assert answer.status_code == 422
    assert "Line 1 “Rack”: the tax code “Sales tax” is inactive." in _alert(answer)


def test_a_tax_code_deleted_while_a_line_was_typed(app: Flask, rep: Visitor, ids: Ids) -> None:
    with app.app_context():
        extra = samples.tax_code(samples.admin("third@desk.example"), "Extra tax")
        extra_id = extra.id
    form = sheet.line_form(rep, ids.quote_page)
    with app.app_context():
        found = db.session.get(TaxCode, extra_id)
        assert found
        tax_codes.delete(None, found)
    answer = rep.send(form, {"tax_code_id": str(extra_id), "name": "Typed meanwhile"})
    assert answer.status_code == 422
    assert cell_error(answer, "tax_code_id") == "This tax code was deleted. Choose another."
    assert "Typed meanwhile" in answer.text


def test_a_tax_code_in_use_is_kept(admin: Visitor, ids: Ids) -> None:
    answer = admin.send_and_confirm(admin.form(f"/items/tax-codes/{ids.tax_code}", "/delete"))
    assert answer.status_code == 422
    assert "wasn't deleted because items or quotes use it" in text(answer)


def test_the_default_tax_code_stays_until_another_is_chosen(app: Flask, admin: Visitor, ids: Ids) -> None:
    with app.app_context():
        code_id = samples.tax_code(samples.admin("third@desk.example"), "State tax").id
        samples.company(default_tax_code_id=str(code_id))
    page = f"/items/tax-codes/{code_id}"
    refused = (
        admin.send_and_confirm(admin.form(page, "/delete")),
        admin.send(form_of(admin, page, "rate"), {"is_active": False}),
    )
    for answer, done in zip(refused, ("deleted", "saved"), strict=True):
        assert answer.status_code == 422
        sentence = f"“State tax” wasn't {done} because it's the company's default tax code."
        assert sentence in html.unescape(text(answer))
    assert admin.send(form_of(admin, page, "rate"), {"rate": "9"}).status_code == 303
    chosen = form_of(admin, "/settings/company", "default_tax_code_id")
    assert admin.send(chosen, {"default_tax_code_id": ""}).status_code == 303
    assert admin.send(form_of(admin, page, "rate"), {"is_active": False}).status_code == 303
    assert admin.send_and_confirm(admin.form(page, "/delete")).status_code == 303


@pytest.mark.parametrize(
    "address",
    [
        "/quotes/999999",
        "/quotes/99999999999999999999",
        "/people/999999",
        "/items/999999",
        "/q/nothing-here",
        "/quotes/?page=-3&stage=nonsense&q=%00%ff",
        "/items/?page=999999999999&category=x",
        "/people/?page=abc",
    ],
)
def test_an_address_that_leads_nowhere_is_no_error_of_ours(rep: Visitor, ids: Ids, address: str) -> None:
    answer = rep.client.get(address)
    assert answer.status_code in (200, 404)
    assert "Something went wrong" not in answer.text


def _alert(answer: TestResponse) -> str:
    found = re.search(r'alert-danger" role="alert">(.*?)</div>', answer.text, re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found[1])).split()) if found else ""


def test_a_quote_that_comes_to_nothing_is_shown_everywhere(rep: Visitor, ids: Ids) -> None:
    assert send_line(rep, ids, {}, unit_price="0").status_code == 303
    for page in (
        "/",
        "/quotes/",
        ids.quote_page,
        f"{ids.quote_page}/preview",
        f"{ids.quote_page}/preview.pdf",
    ):
        assert rep.client.get(page).status_code == 200, page
    assert "$0.00" in text(rep.client.get("/quotes/"))
    assert publish(rep, ids.quote_page).status_code == 303
    link = re.search(r'href="(/q/[\w-]+)"', rep.client.get(ids.quote_page).text)
    assert link
    assert rep.client.get(link[1]).status_code == 200


def test_a_quote_that_only_recurs_shows_no_empty_sum(rep: Visitor, ids: Ids) -> None:
    assert send_line(rep, ids, {}, recurrence="monthly", tax_code_id="").status_code == 303
    listed = text(rep.client.get("/quotes/"))
    assert "$100.00/mo" in listed
    assert "$0.00" not in listed


@pytest.mark.parametrize("rate", ["8%", "8 %", "8.00"])
def test_a_tax_rate_may_have_its_percent_sign(admin: Visitor, ids: Ids, rate: str) -> None:
    form = form_of(admin, f"/items/tax-codes/{ids.tax_code}", "rate")
    assert admin.send(form, {"rate": rate}).status_code == 303
    assert dict(form_of(admin, f"/items/tax-codes/{ids.tax_code}", "rate").fields)["rate"] == "8"


@pytest.mark.parametrize(
    ("entered", "kind", "stored"),
    [("5%", "unit", ("percent", "5")), ("10", "line", ("line", "10")), ("", "line", ("percent", ""))],
)
def test_a_discount_is_read_with_its_unit(
    rep: Visitor, ids: Ids, entered: str, kind: str, stored: tuple[str, str]
) -> None:
    assert send_line(rep, ids, {}, discount_value=entered, discount_kind=kind).status_code == 303
    fields = stored_line(rep, ids)
    assert (fields["discount_kind"], fields["discount_value"]) == stored
