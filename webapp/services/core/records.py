"""Fetch a record by its id."""

from __future__ import annotations

from typing import TypeVar

from webapp.models import Base, db
from webapp.services.core.errors import NotFound
from webapp.services.core.fields import MAX_ID

Record = TypeVar("Record", bound=Base)


def get(model: type[Record], record_id: int, sentence: str) -> Record:
    """The record with this id, which may be any integer. Raises NotFound with ``sentence``."""
    record = find(model, record_id)
    if record is None:
        raise NotFound(sentence)
    return record


def find(model: type[Record], record_id: int | None) -> Record | None:
    """The record or None."""
    if record_id is None or not 0 < record_id <= MAX_ID:
        return None
    return db.session.get(model, record_id)
