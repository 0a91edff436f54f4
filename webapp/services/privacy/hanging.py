"""What hangs on quotes: the rows of every table that refers to them, however far away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Table

from webapp.models import Quote, db

AT_ONCE = 500


def rows(quote_ids: Sequence[int]) -> dict[Table, list[Any]]:
    """The primary keys of the quotes and of all that refers to them, by table; what refers to others comes later."""
    found: dict[Table, list[Any]] = {table_of(Quote): list(quote_ids)}
    for table in db.metadata.sorted_tables:
        conditions = [
            key.parent.in_(found[key.column.table])
            for key in table.foreign_keys
            if key.column.table is not table and found.get(key.column.table)
        ]
        if conditions and table not in found:
            query = db.select(primary_of(table)).where(db.or_(*conditions))
            found[table] = list(db.session.scalars(query))
    return found


def parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """``values`` in pieces that fit into a statement."""
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))


def primary_of(table: Table) -> Column[Any]:
    """The only column of the table's primary key."""
    (primary,) = table.primary_key
    return primary


def table_of(model: Any) -> Table:
    """The table of a model."""
    table: Table = model.__table__
    return table
