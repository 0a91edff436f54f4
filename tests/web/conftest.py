"""A desk with an admin, a rep, a customer, an item and a tax code, and browsers for its people."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask

from tests.support import samples
from tests.support.visitor import Visitor
from webapp.models import db


@dataclass(frozen=True)
class Ids:
    """The ids of the records that the tests open."""

    person: int
    organization: int
    item: int
    tax_code: int
    quote: int

    @property
    def quote_page(self) -> str:
        return f"/quotes/{self.quote}"


@pytest.fixture
def ids(app: Flask) -> Ids:
    """Created through the services, with a quote of one line."""
    with app.app_context():
        samples.admin()
        rep = samples.rep()
        person = samples.person(rep)
        code = samples.tax_code(rep)
        item = samples.item(rep, tax_code_id=str(code.id))
        quote = samples.quote(
            rep, {"name": "Rack", "unit_price": "100", "tax_code_id": str(code.id)}, customer=person
        )
        db.session.commit()
        return Ids(person.id, person.organization_id or 0, item.id, code.id, quote.id)


@pytest.fixture
def rep(app: Flask, ids: Ids) -> Visitor:
    """The rep's browser, without JavaScript."""
    return Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD)


@pytest.fixture
def admin(app: Flask, ids: Ids) -> Visitor:
    """The admin's browser."""
    return Visitor(app.test_client()).sign_in("admin@desk.example", samples.PASSWORD)
