"""Fetching one record by its id."""

from __future__ import annotations

from typing import TypeVar

from webapp.models import Base, db
from webapp.services.errors import NotFound
from webapp.services.fields import MAX_ID

Record = TypeVar("Record", bound=Base)


def get(model: type[Record], record_id: int, sentence: str) -> Record:
    """The record. Raises NotFound with ``sentence`` when there is none (any integer may be asked for)."""
    found = find(model, record_id)
    if found is None:
        raise NotFound(sentence)
    return found


def find(model: type[Record], record_id: int | None) -> Record | None:
    """The record or None."""
    if record_id is None or not 0 < record_id <= MAX_ID:
        return None
    return db.session.get(model, record_id)
