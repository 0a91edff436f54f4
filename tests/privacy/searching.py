"""Search the whole database for texts."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from webapp.models import db


def found(texts: Iterable[str]) -> dict[str, list[str]]:
    """Where one of the texts stands, in any case, by table and column: the rows."""
    wanted = [text.casefold() for text in texts]
    places: dict[str, list[str]] = {}
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(sa.select(table)).mappings():
            for name, value in row.items():
                text = str(value).casefold()
                if any(one in text for one in wanted):
                    places.setdefault(f"{table.name}.{name}", []).append(
                        f"{next(iter(row.values()))}: {value}"[:300]
                    )
    return places
