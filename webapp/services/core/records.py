"""Fetching one record by its id, and noticing that somebody else changed it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TypeVar

from webapp.models import Base, db
from webapp.services.core.errors import Conflict, NotFound
from webapp.services.core.fields import MAX_ID

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


def mark(record: Base | None, names: Iterable[str]) -> str:
    """A short text that changes when one of the fields ``names`` does, for a form to carry as ``seen``."""
    if record is None:
        return ""
    shown = [str(getattr(record, name)) for name in names]
    return hashlib.sha256("\x1f".join(shown).encode()).hexdigest()[:16]


def check_unchanged(record: Base, names: Iterable[str], values: Mapping[str, object], what: str) -> None:
    """Lock the record and raise Conflict when it is not as it was when the form was opened.

    Values without ``seen`` come from no form and are not checked.
    """
    if not values.get("seen"):
        return
    db.session.refresh(record, with_for_update=True)
    if values["seen"] != mark(record, names):
        raise Conflict(
            f"Somebody changed this {what} since you opened it, so your change was not saved over theirs. What you "
            "typed is still below, with what they saved beside it; saving again puts yours in place."
        )
