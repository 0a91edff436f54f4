"""A database with the example company goes down to each earlier schema and up again, and keeps what both know."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from migrations.newest import VERSIONS
from webapp.models import db
from webapp.services.demo import seed

pytestmark = [pytest.mark.both_databases, pytest.mark.slow, pytest.mark.timeout(600)]
# Every schema that a version may have had; nothing has less than the first.
SCHEMAS = sorted(re.match(r"\d+", path.name)[0] for path in VERSIONS.glob("[0-9]*.py"))  # type: ignore[index]
KEPT = ("user_account", "organization", "person", "item", "quote", "quote_line", "revision")
# What every schema has of a quote and its lines.
READ = {
    "quote": "SELECT id, number, title, status FROM quote ORDER BY id",
    "line": "SELECT quote_id, position, name, quantity, unit_price, unit_cost FROM quote_line ORDER BY quote_id, id",
    "people": "SELECT email, role FROM user_account ORDER BY id",
    "revision": "SELECT quote_id, number, content FROM revision ORDER BY id",
}


def counts() -> dict[str, int]:
    """Rows of the tables that every schema here has."""
    there = set(sa.inspect(db.engine).get_table_names())
    with db.engine.connect() as connection:
        return {
            name: int(connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0)  # noqa: S608
            for name in KEPT
            if name in there
        }


def contents() -> dict[str, list[tuple[Any, ...]]]:
    """What is compared."""
    with db.engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(sa.text(query))] for name, query in READ.items()
        }


def test_every_schema_keeps_the_data_down_and_up(app: Flask) -> None:
    with app.app_context():
        seed.seed(seed.new_passwords({}))
        db.session.remove()
        before, rows = contents(), counts()
        assert min(rows.values()) > 0
        for schema in reversed(SCHEMAS[:-1]):
            downgrade(revision=schema)
            found = counts()
            assert found == {name: rows[name] for name in found}, schema
        assert "quote" in found
        for schema in SCHEMAS[1:]:
            upgrade(revision=schema)
            assert counts() == {name: rows[name] for name in counts()}, schema
        assert contents() == before
