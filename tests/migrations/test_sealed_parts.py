"""Migration 0026 chains the diary again, and says what the old chain ended with and whether it was whole."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.support import samples
from webapp.models import DiaryEntry, User, db
from webapp.services.diary import chain

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize("broken", [False, True])
def test_an_old_chain_is_chained_again(app: Flask, broken: bool) -> None:
    with app.app_context():
        admin = samples.admin()
        for name in ("Sales tax", "Kept", "Last"):
            samples.tax_code(admin, name=name)
        db.session.remove()
        downgrade(revision="0024")
        with db.engine.begin() as connection:
            if broken:
                sqlite = db.engine.dialect.name == "sqlite"
                drop = (
                    "TRIGGER diary_entry_no_update"
                    if sqlite
                    else "FUNCTION diary_entry_is_append_only() CASCADE"
                )
                connection.execute(sa.text(f"DROP {drop}"))
                connection.execute(sa.text("UPDATE diary_entry SET actor = 'x' WHERE id = 2"))
                _guard(connection, sqlite=sqlite)
            old = connection.scalar(sa.text("SELECT sha256 FROM diary_entry WHERE id = 4"))
        upgrade()
        checked = chain.check()
        assert (checked.entries, checked.sentence) == (5, "")
        detail = db.session.get_one(DiaryEntry, 5).detail
        assert detail == {"entries": 4, "old_sha256": old, "broken_at": 2 if broken else None}
        samples.tax_code(db.session.get_one(User, 1), name="After")
        assert chain.check().sentence == ""


def _guard(connection: sa.Connection, *, sqlite: bool) -> None:
    """As migration 0010 left it."""
    if sqlite:
        connection.execute(
            sa.text(
                "CREATE TRIGGER diary_entry_no_update BEFORE UPDATE ON diary_entry "
                "BEGIN SELECT RAISE(ABORT, 'The diary is append-only.'); END"
            )
        )
        return
    connection.execute(
        sa.text(
            "CREATE FUNCTION diary_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'The diary is append-only.'; END $$"
        )
    )
