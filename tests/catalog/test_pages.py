"""The pages of the item library, as people use them."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask

from smoke.forms import Form, read_forms
from tests.support import samples
from tests.support.visitor import HTMX, Visitor, errors, text
from webapp.models import Item, User, db
from webapp.services.accounts import changing_rules, users
from webapp.services.catalog import items
from webapp.services.quoting.draft import editing, lines


@pytest.fixture
def rep(app: Flask) -> Visitor:
    """The rep's browser, without JavaScript, with an item at a desk where reps see costs."""
    with app.app_context():
        account = samples.rep()
        samples.item(account, name="Old firewall", sku="FW-1", cost_date="2025-01-02")
        samples.item(account, name="New firewall", sku="FW-2", supplier="Ingram")
    return Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD)


def form_of(visitor: Visitor, page: str) -> Form:
    """The item's form on the page."""
    form = next(one for one in read_forms(visitor.client.get(page).text) if "unit_price" in one.names())
    form.action = form.action or page
    return form


def test_an_item_is_written_shown_and_replaced(rep: Visitor) -> None:
    values: dict[str, str | bool] = {
        "markdown": "**Fast** <script>alert(1)</script>\n\n![](https://evil.example/x.png)",
        "supplier_sku": "ING-7",
        "list_price": "1,299.50",
        "cost_date": "2025-03-04",
        "replaced_by": "fw-2",
    }
    refused = rep.send(form_of(rep, "/items/1"), values)
    assert refused.status_code == 422
    assert "no item like this" in errors(refused)["replaced_by"]
    assert rep.send(form_of(rep, "/items/1"), {**values, "replaced_by": "FW-2"}).status_code == 303
    page = rep.client.get("/items/1")
    assert "<strong>Fast</strong> &lt;script&gt;" in page.text
    assert "<script>alert" not in page.text
    assert '<img src="https' not in page.text
    assert "This item is replaced. Sell New firewall instead." in text(page)
    shown = dict(form_of(rep, "/items/1").fields)
    assert (shown["list_price"], shown["cost_date"], shown["replaced_by"]) == (
        "1299.5",
        "2025-03-04",
        "#2 New firewall",
    )
    assert rep.send(form_of(rep, "/items/1")).status_code == 303, "as it is, it can be saved again"
    assert "Replaces Old firewall" in text(rep.client.get("/items/2"))
    assert "Replaced by New firewall" in text(rep.client.get("/items/"))
    assert rep.send(form_of(rep, "/items/2"), {"is_active": False}).status_code == 303
    assert "Sell New firewall instead, which is inactive." in text(rep.client.get("/items/1"))


def test_the_list_is_sorted_and_filtered_by_its_address(rep: Visitor) -> None:
    def names(query: str) -> list[str]:
        return re.findall(
            r'<a data-open href="/items/\d+" dir="auto">(.*?)</a>', rep.client.get(f"/items/?{query}").text
        )

    assert names("") == ["New firewall", "Old firewall"]
    assert names("sort=-name") == ["Old firewall", "New firewall"]
    assert names("supplier=Ingram") == names("q=fw-2") == ["New firewall"]
    assert names("show=stale") == ["Old firewall"]
    assert names("show=inactive") == names("page=2") == names("category=999") == []
    assert names("sort=%00&show=x&page=-1&supplier=%F0%9F") == []
    page = rep.client.get("/items/?sort=sku&supplier=Ingram")
    assert 'aria-sort="ascending"' in page.text
    assert "/items/?sort=-sku&supplier=Ingram" in html.unescape(page.text)
    assert "No items match. Clear filters" in text(rep.client.get("/items/?q=nothing", headers=HTMX))
    assert "13 months ago" not in text(rep.client.get("/items/"))
    assert "months ago" in text(rep.client.get("/items/"))


def test_a_star_makes_a_favorite(rep: Visitor, app: Flask) -> None:
    star = rep.form("/items/2", "/favorite")
    sent = dict(star.fields)
    assert rep.client.post(star.action, data=sent | {"wanted": "1"}).status_code == 303
    assert 'aria-pressed="true"' in rep.client.get("/items/2").text
    button = rep.client.post(star.action, data=sent | {"wanted": ""}, headers=HTMX)
    assert button.status_code == 200
    assert 'aria-pressed="false"' in button.text
    assert rep.client.post("/items/99/favorite", data=sent | {"wanted": "1"}).status_code == 404


def test_successors_are_suggested_as_one_types(rep: Visitor) -> None:
    answer = rep.client.get("/items/suggest?replaced_by=fire+new", headers=HTMX)
    assert answer.text.strip() == '<option value="#2 New firewall"></option>'
    assert rep.client.get("/items/suggest").text.strip() == ""


def test_without_costs_there_is_no_trace_of_them(rep: Visitor, app: Flask) -> None:
    with app.app_context():
        changing_rules.save(None, {"reps_see": "own", "reps_change": "own"})
    for address in ("/items/", "/items/1", "/items/?sort=cost", "/items/?show=stale"):
        page = rep.client.get(address)
        assert page.status_code == 200
        assert "60" not in re.sub(r"\d{3,}", "", text(page)), address
        assert "Cost" not in text(page), address
    sent = {**dict(form_of(rep, "/items/1").fields), "cost_date": "2026-01-01"}
    assert rep.client.post("/items/1", data=sent).status_code == 403
    with app.app_context():
        assert str(db.session.get_one(Item, 1).cost_date) == "2025-01-02"


def test_it_names_the_quotes_that_use_it_and_that_one_may_see(rep: Visitor, app: Flask) -> None:
    with app.app_context():
        changing_rules.save(None, {"reps_see": "own", "reps_change": "own"})
        other = users.create_user(
            None, email="other@desk.example", name="Other", password=samples.PASSWORD, role="rep"
        )
        mine = db.session.scalars(db.select(User).filter_by(email="rep@desk.example")).one()
        customer = samples.person(mine)
        for owner, title in ((mine, "For me to see"), (other, "Hidden from me")):
            quote = editing.create(owner, person=customer, title=title)
            lines.add_item(owner, quote.id, items.get(1))
    page = text(rep.client.get("/items/1"))
    assert "For me to see Draft Customer Ltd" in page
    assert "Hidden" not in page
    assert "In no quote that you can see." in text(rep.client.get("/items/2"))
