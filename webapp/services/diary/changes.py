"""Which fields a transaction changed, from what to what: noted at each flush, so that no command has to list them.

A table takes part by the mixin ``models.base.Recorded``. Updates in bulk (``db.update``) aren't seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import ColumnProperty, PassiveFlag, Session, SessionTransaction, object_session
from sqlalchemy.orm.attributes import get_history

from webapp.models.base import Recorded

NOTED = "diary.changes"
# A longer text is cut; the diary says that it changed, revisions hold what was published.
MAX_TEXT = 500
EMPTY = (None, "", False, 0)
# In place of a value, with an empty field: the part is there.
HERE = "here"

Key = tuple[str, str]


@dataclass(frozen=True)
class _Noted:
    key: Key
    part: tuple[str, str]
    verb: str
    attribute: ColumnProperty[Any] | None
    before: Any
    after: Any
    savepoints: tuple[SessionTransaction, ...]


@dataclass
class Changes:
    """The changes of one object. ``verb``: ``added``, ``changed`` or ``deleted``.

    ``fields``: by the key of the part and the field, the part's name and the value before and after.
    """

    verb: str = "changed"
    fields: dict[tuple[str, str], tuple[str, Any, Any]] = field(default_factory=dict)


def savepoints(session: Session) -> tuple[SessionTransaction, ...]:
    """The savepoints that are open now, the innermost first."""
    found = []
    current = session.get_nested_transaction()
    while current is not None and current.nested:
        found.append(current)
        current = current.parent
    return tuple(found)


def take(session: Session) -> dict[Key, Changes]:
    """The changes of this transaction by object, which are forgotten now."""
    noted: list[_Noted] = session.info.pop(NOTED, [])
    objects: dict[Key, Changes] = {}
    for note in noted:
        changes = objects.setdefault(note.key, Changes())
        part, name = note.part
        if not part and note.verb != "changed":
            changes.verb = note.verb
        place = (part, _name_of_field(note.attribute))
        earlier = changes.fields.get(place)
        before = earlier[1] if earlier else _in_words(session, note.attribute, note.before)
        changes.fields[place] = (name, before, _in_words(session, note.attribute, note.after))
    for changes in objects.values():
        changes.fields = {place: values for place, values in changes.fields.items() if values[1] != values[2]}
    return {key: changes for key, changes in objects.items() if changes.fields or changes.verb != "changed"}


def as_json(changes: Changes | None) -> list[dict[str, Any]]:
    """Each changed field: ``{"key", "part", "field", "before", "after"}``; ``part`` may be empty.

    ``key`` tells two parts of one name apart. With an empty ``field``, the part itself was added or removed.
    """
    if changes is None:
        return []
    return [
        {"key": place[0], "part": name, "field": place[1], "before": before, "after": after}
        for place, (name, before, after) in changes.fields.items()
    ]


def forget(session: Session, ended: SessionTransaction) -> None:
    """Drop what was noted since a savepoint that was rolled back, or everything."""
    noted = session.info.get(NOTED, [])
    session.info[NOTED] = [note for note in noted if ended.nested and ended not in note.savepoints]


@event.listens_for(Recorded, "after_insert", propagate=True)
def _inserted(_mapper: object, _connection: object, record: Recorded) -> None:
    _note(record, "added")


@event.listens_for(Recorded, "after_update", propagate=True)
def _updated(_mapper: object, _connection: object, record: Recorded) -> None:
    _note(record, "changed")


@event.listens_for(Recorded, "after_delete", propagate=True)
def _deleted(_mapper: object, _connection: object, record: Recorded) -> None:
    _note(record, "deleted")


def _note(record: Recorded, verb: str) -> None:
    """Note the fields of a row in the middle of a flush; for a new or deleted row those that aren't empty."""
    session = object_session(record)
    if session is None:
        return
    key = (record.diary_object[0], str(record.diary_object[1]))
    note = partial(_Noted, key, record.diary_part, verb, savepoints=savepoints(session))
    noted = session.info.setdefault(NOTED, [])
    if verb != "changed":
        noted.append(note(None, None, HERE) if verb == "added" else note(None, HERE, None))
    state = inspect(record)
    for attribute in state.mapper.column_attrs:
        if attribute.key == "id" or attribute.key in record.diary_skips:
            continue
        value = state.dict.get(attribute.key)
        if verb == "changed":
            # Only what was set since it was loaded has another value to be found.
            if attribute.key not in state.committed_state:
                continue
            history = get_history(record, attribute.key, PassiveFlag.PASSIVE_NO_INITIALIZE)
            if history.has_changes():
                noted.append(note(attribute, history.deleted[0] if history.deleted else None, value))
        elif value not in EMPTY:
            before, after = (None, value) if verb == "added" else (value, None)
            noted.append(note(attribute, before, after))


def _name_of_field(attribute: ColumnProperty[Any] | None) -> str:
    if attribute is None:
        return ""
    return attribute.key.removesuffix("_id") if _target(attribute) else attribute.key


def _in_words(session: Session, attribute: ColumnProperty[Any] | None, value: Any) -> Any:
    """The value as JSON. A reference is written as the name of its record, which may be gone one day."""
    target = _target(attribute) if attribute is not None else None
    return _plain(value) if target is None else _name_of(session, target, value)


@cache
def _target(attribute: ColumnProperty[Any]) -> type[Any] | None:
    """The class that a foreign key refers to; None for any other column."""
    for relationship in attribute.parent.relationships:
        if relationship.local_columns == set(attribute.columns) and not relationship.uselist:
            return relationship.mapper.class_
    return None


def _name_of(session: Session, target: type[Any], identity: Any) -> str | None:
    if identity is None:
        return None
    with session.no_autoflush:
        record = session.get(target, identity)
    named = getattr(record, "diary_name", "")
    return named or f"#{identity}"


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return value[:MAX_TEXT] + "…"
    return value
