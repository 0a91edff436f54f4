"""What the editor sends of a long quote: one line's part, whatever the number of lines and categories."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import event

from smoke.forms import Form, read_forms
from tests.support import sheet
from tests.support.visitor import HTMX, Visitor
from tests.web.conftest import Ids
from tests.web.test_stale_forms import form_of
from webapp.models import Quote, db
from webapp.services.catalog import categories
from webapp.services.core import work
from webapp.services.quoting.draft import lines, sections

COUNT = 40


@pytest.fixture
def page(app: Flask, rep: Visitor, ids: Ids) -> str:
    """The editor of a quote with 41 lines, in a company with 60 categories."""
    with app.app_context(), work.unit():
        quote = db.session.get_one(Quote, ids.quote)
        for number in range(60):
            categories.ensure(("Hardware", f"Kind {number}"))
        for number in range(COUNT):
            lines.add_ad_hoc(quote.owner, quote.id, {"name": f"Item {number}", "sku": f"S-{number}"})
    return ids.quote_page


def cells(rep: Visitor, page: str) -> list[Form]:
    return sheet.entered(rep, page)


def order(text: str) -> str:
    found = re.search(r'data-order="(\w+)"', text)
    assert found
    return found[1]


def test_the_page_has_the_categories_once_and_no_details(rep: Visitor, page: str) -> None:
    text = rep.client.get(page).text
    assert text.count("Hardware &gt; Kind 7") == text.count('"Hardware &gt; Kind 7"') == 1
    assert 'name="sku"' not in text
    assert rep.client.get(f"{page}?plain=1").text.count('"Hardware &gt; Kind 7"') == 1


def test_a_save_answers_with_its_line_and_the_totals(rep: Visitor, page: str) -> None:
    form = cells(rep, page)[7]
    answer = rep.send(form, {"quantity": "3"}, htmx=True)
    assert answer.status_code == 200
    assert len(answer.data) < 8000
    assert 'id="totals"' in answer.text
    assert set(re.findall(r'id="amount-([\w-]+)"', answer.text)) == {form.action.rpartition("/")[2]}


def test_a_save_answers_with_the_amounts_that_a_shared_discount_changes(
    app: Flask, rep: Visitor, page: str, ids: Ids
) -> None:
    with app.app_context():
        quote = db.session.get_one(Quote, ids.quote)
        section = sections.add(quote.owner, quote.id, {"title": "Network"})
        sections.put_lines(quote.owner, quote.id, [line.uid for line in quote.lines[:3]], section.uid)
        off = {"title": "Network", "discount_kind": "amount", "discount_value": "3"}
        sections.change(quote.owner, quote.id, section.uid, off)
        uids = {line.uid for line in db.session.get_one(Quote, ids.quote).lines}
    form = cells(rep, page)[0]
    answer = rep.send(form, {"quantity": "3"}, htmx=True)
    assert set(re.findall(r'id="amount-([\w-]+)"', answer.text)) == uids


def test_cells_and_details_change_nothing_of_each_other(rep: Visitor, page: str) -> None:
    line = cells(rep, page)[7]
    address = line.action.replace("/lines/", "/details/")
    forms = read_forms(rep.client.get(address, headers=HTMX).text)
    price = next(form for form in forms if "markup" in form.names())
    details = next(form for form in forms if "description" in form.names())
    sent: dict[str, str | bool] = {"category": "hardware > kind 7", "description": "Grey"}
    assert rep.send(details, sent, htmx=True).status_code == 200
    # Opened before that, and sent after it.
    assert rep.send(line, {"quantity": "3"}, htmx=True).status_code == 200
    assert rep.send(price, {"list_price": "950"}, htmx=True).status_code == 200
    whole = dict(form_of(rep, line.action, "unit_cost").fields)
    shown = {
        name: whole[name].strip()
        for name in ("quantity", "category", "description", "sku", "name", "list_price")
    }
    assert shown == {
        "quantity": "3",
        "list_price": "950.00",
        "category": "Hardware > Kind 7",
        "description": "Grey",
        "sku": "S-6",
        "name": "Item 6",
    }


def test_no_line_costs_a_query_of_its_own(app: Flask, rep: Visitor, ids: Ids, page: str) -> None:
    asked: list[str] = []

    def note(*statement: object) -> None:
        asked.append(str(statement[2]))

    def counts(quantity: str) -> tuple[int, int]:
        asked.clear()
        form = cells(rep, page)[3]
        opening = len(asked)
        assert rep.send(form, {"quantity": quantity}, htmx=True).status_code == 200
        return opening, len(asked) - opening

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    counts("2")
    before = counts("3")
    with app.app_context(), work.unit():
        quote = db.session.get_one(Quote, ids.quote)
        for number in range(30):
            kind = categories.ensure(("Hardware", f"Kind {number}"))
            lines.add_ad_hoc(quote.owner, quote.id, {"name": "Other", "category": kind.path})
    # A few more are the tax codes of the new ones.
    assert [now - then < 5 for now, then in zip(counts("4"), before, strict=True)] == [True, True]


def test_a_change_of_the_lines_answers_with_one_line_unless_the_page_is_old(rep: Visitor, page: str) -> None:
    text = rep.client.get(page).text
    copy, sent = f"{cells(rep, page)[0].action}/copy", {"order": order(text), "csrf_token": sheet.token(text)}
    first = rep.client.post(copy, data=sent, headers=HTMX)
    assert first.text.count('id="row-') == 1
    assert 'hx-swap-oob="afterend:#line-' in first.text
    again = rep.client.post(copy, data=sent, headers=HTMX)
    assert again.text.count('id="row-') == COUNT + 3, "the page doesn't show the first copy"
