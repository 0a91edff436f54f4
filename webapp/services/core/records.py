"""Fetch a record by its id, and detect that someone else changed it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TypeVar

from webapp.models import Base, db
from webapp.services.core.errors import Conflict, NotFound
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


def fingerprint(record: Base | None, names: Iterable[str]) -> str:
    """A short hash of the fields ``names``. A form carries it as ``seen`` to detect a change by someone else."""
    if record is None:
        return ""
    values = [str(getattr(record, name)) for name in names]
    return hashlib.sha256("\x1f".join(values).encode()).hexdigest()[:16]


def check_unchanged(record: Base, names: Iterable[str], values: Mapping[str, object], what: str) -> None:
    """Lock the record and raise Conflict when it changed since the form was opened.

    Values without ``seen`` don't come from a form and aren't checked.
    """
    if not values.get("seen"):
        return
    db.session.refresh(record, with_for_update=True)
    if values["seen"] != fingerprint(record, names):
        raise Conflict(
            f"This {what} was changed while you were editing, so your changes aren't saved yet. They are still below, "
            "next to the saved values. Save again to keep yours."
        )
