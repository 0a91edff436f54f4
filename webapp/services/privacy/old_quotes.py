"""Quotes that came to nothing: which of them are old, and removing them with everything that hangs on them.

A quote that was ever accepted is none of them: it's a contract. What Autotask has stays there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table

from webapp.models import Acceptance, Delivery, PushLease, Quote, db, utc_now
from webapp.models.delivery import DeliveryState
from webapp.models.quote import LOST, PENDING
from webapp.services.core import work
from webapp.services.diary import diary

# In one transaction, so that no one waits for long.
AT_ONCE = 20


def count(before: datetime) -> int:
    """How many quotes came to nothing and weren't changed since ``before``."""
    return db.session.scalar(db.select(db.func.count()).select_from(_old(before).subquery())) or 0


def ids(before: datetime) -> list[int]:
    """Some of them, oldest first."""
    return list(db.session.scalars(_old(before).order_by(Quote.id).limit(AT_ONCE)))


@work.command
def remove(quote_ids: Sequence[int], before: datetime) -> int:
    """Remove those of the quotes that are still old. Returns how many."""
    query = (
        db.select(Quote).where(Quote.id.in_(_old(before).where(Quote.id.in_(quote_ids)))).order_by(Quote.id)
    )
    # A quote that someone works on now isn't waited for; its time comes.
    query = query.with_for_update(of=Quote, skip_locked=True).execution_options(populate_existing=True)
    quotes = list(db.session.scalars(query))
    for quote in quotes:
        was = "draft" if quote.number is None else "lost" if quote.status == LOST else "expired"
        diary.write(None, "quote.removed", "quote", quote.id, number=quote.number, was=was)
    removed = [quote.id for quote in quotes]
    for quote in quotes:
        db.session.expunge(quote)
    _delete(removed)
    return len(removed)


def _old(before: datetime) -> Select[Any]:
    now = utc_now()
    draft = Quote.number.is_(None)
    lost = (Quote.status == LOST) & (Quote.status_changed_at < before)
    expired = (Quote.status == PENDING) & Quote.number.is_not(None) & (Quote.ends_at < before)
    # What still waits to be told goes with the quote.
    busy = db.select(Delivery.id).where(
        Delivery.quote_id == Quote.id, Delivery.state == DeliveryState.RUNNING
    )
    held = db.select(PushLease.quote_id).where(PushLease.quote_id == Quote.id, PushLease.expires_at > now)
    accepted = db.select(Acceptance.id).where(Acceptance.quote_id == Quote.id)
    query: Select[Any] = db.select(Quote.id).where(
        Quote.updated_at < before,
        db.or_(draft, lost, expired),
        ~busy.exists(),
        ~held.exists(),
        ~accepted.exists(),
    )
    return query


def _delete(quote_ids: Sequence[int]) -> None:
    """Delete the rows of the quotes and, first, those of every table that refers to them, however far away."""
    found: dict[Table, list[Any]] = {_table(Quote): list(quote_ids)}
    tables = db.metadata.sorted_tables
    for table in tables:
        conditions = [
            key.parent.in_(found[key.column.table])
            for key in table.foreign_keys
            if key.column.table is not table and found.get(key.column.table)
        ]
        if conditions and table not in found:
            (primary,) = table.primary_key
            found[table] = list(db.session.scalars(db.select(primary).where(db.or_(*conditions))))
    for table in reversed(tables):
        for some in _parts(found.get(table, [])):
            (primary,) = table.primary_key
            db.session.execute(db.delete(table).where(primary.in_(some)))


def _parts(values: Sequence[Any], size: int = 500) -> Iterable[Sequence[Any]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table
