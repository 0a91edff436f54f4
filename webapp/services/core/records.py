"""Fetch a record by its id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy.orm.interfaces import ORMOption

from webapp.models import Base, db
from webapp.services.core.errors import NotFound
from webapp.services.core.fields import MAX_ID

Record = TypeVar("Record", bound=Base)


def get(model: type[Record], record_id: int, sentence: str, *, loading: Sequence[ORMOption] = ()) -> Record:
    """The record with this id, which may be any integer. Raises NotFound with ``sentence``.

    ``loading``: what is loaded with it.
    """
    record = find(model, record_id, loading=loading)
    if record is None:
        raise NotFound(sentence)
    return record


def find(model: type[Record], record_id: int | None, *, loading: Sequence[ORMOption] = ()) -> Record | None:
    """The record or None. ``loading``: what is loaded with it."""
    if record_id is None or not 0 < record_id <= MAX_ID:
        return None
    return db.session.get(model, record_id, options=loading)


def only(model: type[Record], key: int) -> Record:
    """The one row of a settings page; before it was saved, one that isn't stored, with the defaults of its columns."""
    found: Record | None = db.session.get(model, key)
    if found is not None:
        return found
    defaults: dict[str, Any] = {}
    for column in model.__table__.columns:
        default: Any = column.default
        if default is None:
            defaults[column.key] = None
        else:
            defaults[column.key] = default.arg(None) if default.is_callable else default.arg
    return model(**{**defaults, "id": key})
