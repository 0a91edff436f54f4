"""Bundles as people see them: in the library, in the editor and on the customer's page."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from smoke.forms import Form, read_forms
from tests.support import samples
from tests.support.visitor import HTMX, Visitor, errors, text
from webapp.services.catalog import items
from webapp.services.quoting.draft import editing, lines
from webapp.services.quoting.lifecycle import publishing


@pytest.fixture
def desk(app: Flask) -> Visitor:
    """The rep's browser, without JavaScript, and a draft with the items 1 to 3 in the library."""
    with app.app_context():
        rep = samples.rep()
        for name, price in (("Kit", "250"), ("Laptop", "200"), ("Dock", "80")):
            samples.item(rep, name=name, unit_price=price, unit_cost="50")
        samples.quote(rep)
    return Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD)


def form_of(visitor: Visitor, page: str) -> Form:
    """The form of a page with parts."""
    form = next(one for one in read_forms(visitor.client.get(page).text) if "shows_parts" in one.names())
    form.action = form.action or page
    return form


def test_a_bundle_from_the_library_to_the_customer(desk: Visitor, app: Flask) -> None:
    page = "/items/1/parts"
    refused = desk.send(form_of(desk, page), {"add": "Kit"})
    assert (refused.status_code, "itself" in errors(refused).get("add", text(refused))) == (422, True)
    assert desk.send(form_of(desk, page), {"add": "Laptop"}).status_code == 303
    assert desk.send(form_of(desk, page), {"add": "Dock"}).status_code == 303
    fixed: dict[str, str | bool] = {
        "bundle": "fixed",
        "unit_price": "250",
        "quantity-3": "2",
        "shows_parts": True,
    }
    assert desk.send(form_of(desk, page), fixed).status_code == 303
    assert "2 × Dock" in text(desk.client.get("/items/1"))
    assert "Part of Kit" in text(desk.client.get("/items/3"))
    assert '<option value="#3 Dock">' in desk.client.get("/items/suggest?add=dock").text

    with app.app_context():
        quote = editing.get(1)
        rep = quote.owner
        uid = lines.add_item(rep, 1, items.get(1)).uid
    sheet = desk.client.get("/quotes/1")
    assert "fixed price, saves $110.00 each" in text(sheet)
    assert sheet.text.count('class="part-row"') == 2
    assert "included" in text(sheet)
    parts = f"/quotes/1/lines/{uid}/parts"
    assert parts in desk.client.get(f"/quotes/1/lines/{uid}").text
    form = form_of(desk, parts)
    (dock,) = [name for name, _ in form.fields if name.startswith("quantity-")][1:]
    refused = desk.send(form, {dock: "many"})
    assert refused.status_code == 422
    assert "many" in refused.text
    assert desk.send(form, {dock: "3"}).status_code == 303
    assert "saves $190.00 each" in text(desk.client.get("/quotes/1"))

    changed = desk.client.get(f"/quotes/1/lines/{uid}").text
    line = next(one for one in read_forms(changed) if "unit_cost" in one.names())
    answer = desk.send(line, {"unit_price": "240"}, htmx=True)
    assert f'id="parts-{uid}"' in answer.text
    refused = desk.send(line, {"unit_cost": "1"}, htmx=True)
    assert refused.status_code == 422
    assert "sum of its parts" in text(refused)

    with app.app_context():
        publishing.publish(editing.get(1).owner, 1)
        token = editing.get(1).public_token
    offer = desk.client.get(f"/q/{token}")
    assert re.search(r"3 × Dock\s+included", text(offer)), text(offer)
    assert desk.client.get("/quotes/1/preview.pdf", headers=HTMX).status_code == 200
    assert desk.client.get("/quotes/1/lines/nothing/parts").status_code == 404


def test_who_saves_again_after_someone_else_knows_it(desk: Visitor, app: Flask) -> None:
    page = "/items/1/parts"
    desk.send(form_of(desk, page), {"add": "Laptop"})
    opened = form_of(desk, page)
    desk.send(form_of(desk, page), {"add": "Dock", "quantity-2": "4"})
    refused = desk.send(opened, {"quantity-2": "2"})
    assert refused.status_code == 409
    assert "save again to replace them" in text(refused)
    again = next(one for one in read_forms(refused.text) if "shows_parts" in one.names())
    shown = dict(again.fields)
    assert (shown["quantity-2"], shown["quantity-3"]) == ("2", "1")
    again.action = page
    assert desk.send(again).status_code == 303
    assert "2 × Laptop 1 × Dock" in text(desk.client.get("/items/1"))
    assert "bundle" in text(desk.client.get("/items/?q=kit"))
