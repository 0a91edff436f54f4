"""The migrations create exactly the tables of the models, on both databases, and can be downgraded."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import check, downgrade, upgrade

from webapp.models import db

pytestmark = pytest.mark.both_databases


def test_models_and_migrations_agree(app: Flask) -> None:
    with app.app_context():
        check()  # exits the process when they differ


def test_every_migration_can_be_downgraded(app: Flask) -> None:
    with app.app_context():
        made = set(sa.inspect(db.engine).get_table_names())
        downgrade(revision="base")
        assert set(sa.inspect(db.engine).get_table_names()) == {"alembic_version"}
        upgrade()
        assert set(sa.inspect(db.engine).get_table_names()) == made
        assert len(made) > 10


def test_foreign_keys_are_enforced_after_a_migration(app: Flask) -> None:
    with app.app_context():
        upgrade()
        table = db.metadata.tables["category"]
        now = sa.func.current_timestamp()
        with pytest.raises(sa.exc.IntegrityError), db.engine.begin() as connection:
            connection.execute(
                table.insert().values(name="Child of none", parent_id=999, created_at=now, updated_at=now)
            )


def test_what_a_table_refuses_it_still_refuses_after_all_migrations(app: Flask) -> None:
    """A table that a migration rebuilds on SQLite can lose its CHECKs without a word."""
    with app.app_context():
        downgrade(revision="base")
        upgrade()
        inspector = sa.inspect(db.engine)
        for table in db.metadata.sorted_tables:
            wanted = {one.name for one in table.constraints if isinstance(one, sa.CheckConstraint)}
            there = {one["name"] for one in inspector.get_check_constraints(table.name)}
            assert wanted <= there, table.name
