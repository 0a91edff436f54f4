"""INSERT for a row that somebody else may insert at the same moment."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite

from webapp.models import Base, db


def insert(model: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ``on_conflict_do_update`` and ``on_conflict_do_nothing``, on either database.

    SQLAlchemy has them only in its dialects: https://docs.sqlalchemy.org/en/20/dialects/postgresql.html
    """
    return postgresql.insert(model) if db.engine.dialect.name == "postgresql" else sqlite.insert(model)
