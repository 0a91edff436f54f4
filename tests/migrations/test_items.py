"""Migrations 0030 and 0031 keep the items, their descriptions, and what is found by words."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from webapp.models import Item, ItemWord, db
from webapp.services.catalog import items

pytestmark = pytest.mark.both_databases

COLUMNS = (
    "name, description, sku, mpn, manufacturer, supplier, unit_price, unit_cost, recurrence, origin_entity, "
    "is_active, name_key, search_key, created_at, updated_at"
)


def test_there_and_back(app: Flask) -> None:
    with app.app_context():
        downgrade(revision="0028")
        insert = sa.text(
            f"INSERT INTO item ({COLUMNS}) VALUES ('Größe 5', 'Two\nlines', 'LAT-5550', '', '', 'Ingram', 100, 60, "  # noqa: S608
            "'one_time', '', :yes, 'grösse 5', 'grösse 5', :now, :now)"
        )
        with db.engine.begin() as connection:
            for _ in range(2):
                connection.execute(insert, {"yes": True, "now": "2026-01-01 00:00:00+00:00"})
        upgrade()
        one, other = db.session.scalars(db.select(Item).order_by(Item.id))
        assert (one.markdown, one.description, one.supplier_sku) == ("Two\nlines", "Two\nlines", "")
        assert (one.list_price, one.price_date, one.cost_date, one.replaced_by) == (None, None, None, None)
        assert items.search("grösse lat5550") == [one, other]
        one.replaced_by, one.supplier_sku = other, "ING-7"
        db.session.commit()
        assert items.search("ing7") == [one]
        db.session.remove()
        downgrade(revision="0028")
        with db.engine.begin() as connection:
            stored = connection.execute(sa.text("SELECT name, description, supplier FROM item ORDER BY id"))
            assert [tuple(row) for row in stored] == [("Größe 5", "Two\nlines", "Ingram")] * 2
        upgrade()
        assert db.session.scalar(db.select(db.func.count()).select_from(ItemWord)) == 2 * 4
