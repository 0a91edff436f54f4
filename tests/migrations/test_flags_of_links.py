"""What earlier versions kept inside a link's document and its key is in columns after an upgrade, and back again."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.support import samples
from webapp.models import Link, db, utc_now
from webapp.services.quoting.lifecycle import publishing

pytestmark = pytest.mark.both_databases
BEFORE = "0018"
# What the links of the quote 7 and of others held: type, id, entity, document.
DELETED = {"name": "A", "sortOrderID": 1024, "_left_away": True}
AGAIN = {"title": "Theirs", "_again": ["stage", "title"]}


@pytest.fixture
def quote_id(app: Flask) -> int:
    """The id of a quote, in a database as the version before left it."""
    with app.app_context():
        rep = samples.rep()
        quote = samples.quote(rep)
        publishing.publish(rep, quote.id)
        number = int(quote.id)
        db.session.remove()
        downgrade(revision=BEFORE)
        return number


def insert(**values: Any) -> None:
    table = sa.Table("link", sa.MetaData(), autoload_with=db.engine)
    now = utc_now()
    rest = {"integration": "autotask", "created_at": now, "updated_at": now, "remote_id": 5}
    with db.engine.begin() as connection:
        connection.execute(table.insert().values(**rest, **values))


def documents() -> dict[str, dict[str, Any]]:
    table = sa.Table("link", sa.MetaData(), autoload_with=db.engine)
    with db.engine.connect() as connection:
        return {
            row.local_id: row.pushed
            for row in connection.execute(sa.select(table.c.local_id, table.c.pushed)).all()
        }


def test_flags_and_quotes_become_columns_and_come_back(app: Flask, quote_id: int) -> None:
    other = quote_id + 990
    with app.app_context():
        for kind, number, entity, pushed in (
            ("line", f"{quote_id}:a", "QuoteItems", DELETED),
            ("line", f"{quote_id}:by-hand-9", "QuoteItems", {"name": "_again and _left_away"}),
            ("quote", str(quote_id), "Opportunities", AGAIN),
            ("location", f"{quote_id}:bill", "QuoteLocations", {"_read": True, "city": "Albany"}),
            ("revision", f"{quote_id}:1", "OpportunityAttachments", {}),
            ("line", f"{other}:b", "QuoteItems", {**DELETED, **AGAIN}),
            ("organization", f"{quote_id}0", "Companies", {"companyName": '"_again"'}),
            ("goods", "0123456789abcdef01234567", "Products", {}),
        ):
            insert(local_type=kind, local_id=number, remote_entity=entity, pushed=pushed)
        upgrade()
        links = {
            one.local_id: (one.quote_id, one.is_kept_deleted, one.force_fields, one.pushed)
            for one in db.session.scalars(db.select(Link))
        }
        db.session.remove()
        assert links == {
            f"{quote_id}:a": (quote_id, True, [], {"name": "A", "sortOrderID": 1024}),
            f"{quote_id}:by-hand-9": (quote_id, False, [], {"name": "_again and _left_away"}),
            str(quote_id): (quote_id, False, ["stage", "title"], {"title": "Theirs"}),
            f"{quote_id}:bill": (quote_id, False, [], {"city": "Albany"}),
            f"{quote_id}:1": (quote_id, False, [], {}),
            f"{other}:b": (
                None,
                True,
                ["stage", "title"],
                {"name": "A", "sortOrderID": 1024, "title": "Theirs"},
            ),
            f"{quote_id}0": (None, False, [], {"companyName": '"_again"'}),
            "0123456789abcdef01234567": (None, False, [], {}),
        }
        downgrade(revision=BEFORE)
        back = documents()
        assert back[f"{quote_id}:a"] == DELETED
        assert back[str(quote_id)] == AGAIN
        assert back[f"{other}:b"] == {**DELETED, **AGAIN}
        assert back[f"{quote_id}:bill"] == {"city": "Albany"}
        assert back[f"{quote_id}0"] == {"companyName": '"_again"'}
        assert all(value == {} for key, value in back.items() if key == f"{quote_id}:1")
        upgrade()
        again = {one.local_id: one.force_fields for one in db.session.scalars(db.select(Link))}
        assert again[str(quote_id)] == ["stage", "title"]
