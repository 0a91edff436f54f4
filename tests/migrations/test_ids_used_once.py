"""Migration 0065: an id names one quote, category or tax code for good, and the tables stay as they were."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.support import samples
from webapp.models import Category, Person, Quote, TaxCode, User, db
from webapp.services.catalog import categories, tax_codes
from webapp.services.quoting.draft import editing, lines

pytestmark = pytest.mark.both_databases
BEFORE = "0064"
TABLES = ("quote", "category", "tax_code")


def add(rep: User, name: str) -> tuple[Quote, Category, TaxCode]:
    customer = db.session.scalar(db.select(Person).limit(1))
    quote = samples.quote(rep, customer=customer)
    return quote, categories.save(rep, None, {"name": name}), samples.tax_code(rep, name)


def ids(made: tuple[Quote, Category, TaxCode]) -> list[int]:
    quote, category, code = made
    return [quote.id, category.id, code.id]


def remove(rep: User, made: tuple[Quote, Category, TaxCode]) -> list[int]:
    """Delete them; returns the ids that they had."""
    had, (quote, category, code) = ids(made), made
    editing.delete_draft(rep, quote.id)
    categories.delete(rep, category)
    tax_codes.delete(rep, code)
    db.session.commit()
    return had


def shape() -> dict[str, Any]:
    """All that the database says of the tables: columns, keys, checks, indexes, and what refers to them."""
    found: dict[str, Any] = {}
    inspector = sa.inspect(db.engine)
    for table in inspector.get_table_names():
        found[table] = [sorted(map(str, inspector.get_foreign_keys(table)))]
        if table in TABLES:
            checks, unique = inspector.get_check_constraints(table), inspector.get_unique_constraints(table)
            indexes = inspector.get_indexes(table)
            found[table] += [str(inspector.get_columns(table)), str(inspector.get_pk_constraint(table))]
            found[table] += [sorted(map(str, some)) for some in (checks, unique, indexes)]
    return found


def rows() -> dict[str, list[tuple[Any, ...]]]:
    with db.engine.connect() as connection:
        read = {name: connection.execute(sa.text(f"SELECT * FROM {name} ORDER BY id")) for name in TABLES}  # noqa: S608
        return {name: [tuple(row) for row in found] for name, found in read.items()}


def test_the_id_of_what_was_deleted_is_not_used_again(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        gone = remove(rep, add(rep, "Labor"))
        assert all(new > old for new, old in zip(ids(add(rep, "Hardware")), gone, strict=True))


def test_the_tables_keep_rows_keys_checks_and_indexes_down_and_up(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        quote, category, code = add(rep, "Kept")
        line = {
            "name": "Onsite",
            "unit_price": "5",
            "category_id": str(category.id),
            "tax_code_id": str(code.id),
        }
        lines.add_ad_hoc(rep, quote.id, line)
        db.session.commit()
        gone, kept, rep_id = remove(rep, add(rep, "Labor")), quote.id, rep.id
        db.session.remove()
        before, stored = shape(), rows()
        downgrade(revision=BEFORE)
        assert (shape(), rows()) == (before, stored)
        upgrade()
        assert (shape(), rows()) == (before, stored)
        rep = db.session.get_one(User, rep_id)
        # What was deleted before the migration is known from the diary.
        assert all(new > old for new, old in zip(ids(add(rep, "Hardware")), gone, strict=True))
        assert [one.name for one in editing.get(kept).lines] == ["Firewall", "Onsite"]
        db.session.commit()
        with pytest.raises(sa.exc.IntegrityError), db.engine.begin() as connection:
            connection.execute(sa.delete(Quote).where(Quote.id == kept))


def test_every_table_counts_as_its_model_says(app: Flask) -> None:
    """A table that a later migration rebuilds on SQLite can lose it without a word."""
    with app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            query = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
            made = {str(row.name): str(row.sql) for row in connection.execute(query)}
            for table in db.metadata.sorted_tables:
                wanted = bool(table.dialect_options["sqlite"]["autoincrement"])
                assert ("AUTOINCREMENT" in made[table.name]) == wanted, table.name
