"""Quotes that came to nothing: which of them are old, and removing them with everything that hangs on them.

A quote that was ever accepted is none of them: it's a contract. What Autotask has stays there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select

from webapp.models import Acceptance, Delivery, DiaryEntry, PushLease, Quote, db, utc_now
from webapp.models.delivery import DeliveryState
from webapp.models.quote import LOST, PENDING
from webapp.services.core import work
from webapp.services.diary import diary
from webapp.services.privacy import hanging

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
    # Whatever was done to it: a command that changes no column of the quote itself is noted too.
    recent = db.select(DiaryEntry.id).where(
        DiaryEntry.object_type == "quote",
        DiaryEntry.object_id == db.cast(Quote.id, db.String),
        DiaryEntry.at >= before,
    )
    accepted = db.select(Acceptance.id).where(Acceptance.quote_id == Quote.id)
    query: Select[Any] = db.select(Quote.id).where(
        Quote.updated_at < before,
        db.or_(draft, lost, expired),
        ~busy.exists(),
        ~held.exists(),
        ~accepted.exists(),
        ~recent.exists(),
    )
    return query


def _delete(quote_ids: Sequence[int]) -> None:
    for table, keys in reversed(hanging.rows(quote_ids).items()):
        for some in hanging.parts(keys):
            db.session.execute(db.delete(table).where(hanging.primary_of(table).in_(some)))
