"""Take a person out of every table: what the tables are is read from the models, so that a new one can't be forgotten.

Left as they are: what was signed (``SIGNED``), Autotask's own lists, which are read again, and the diary, which has a
way of its own (``diary.replacing``).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, String, Table

from webapp.models import (
    Acceptance,
    AcceptanceDocument,
    Base,
    DiaryEntry,
    DiaryPermit,
    RemoteMetadata,
    Revision,
    RevisionDocument,
    db,
)
from webapp.models.base import Searchable
from webapp.services.privacy import hanging
from webapp.services.privacy.hanging import table_of
from webapp.services.privacy.values import Known
from webapp.services.quoting.revisions import snapshot

SIGNED = (Acceptance, AcceptanceDocument)
# Of a revision's content, and columns that hold words of ours.
PROSE = ("title", "comments", "purchase_order_number")
OURS = ("key", "step_key", "path", "url", "website")
LEFT = {table_of(model) for model in (*SIGNED, DiaryEntry, DiaryPermit, RemoteMetadata)}


def take_out(known: Known, about: Mapping[Table, Collection[Any]]) -> None:
    """In the open transaction. ``about``: the rows that are about the person, where words count too."""
    signed = set(db.session.scalars(db.select(Acceptance.revision_id)))
    db.session.flush()
    for table in db.metadata.sorted_tables:
        columns = [] if table in LEFT else _texts(table)
        if not columns:
            continue
        keys = tuple(table.primary_key)
        rows = set(about.get(table, ()))
        for row in _rows(keys, columns, known, rows):
            if table is table_of(Revision) and row["id"] in signed:
                continue
            is_about = len(keys) == 1 and row[keys[0].name] in rows
            _replace(table, keys, columns, row, known, about=is_about)
    db.session.expire_all()


def _rows(
    keys: Sequence[Column[Any]],
    columns: Sequence[Column[Any]],
    known: Known,
    about: Collection[Any],
) -> list[dict[str, Any]]:
    """Those that name the person, and those that are about them."""
    named: list[ColumnElement[bool]] = [
        db.cast(column, db.Text).icontains(text, autoescape=True)
        for column in columns
        for text in known.spellings(about=False)
    ]
    query = db.select(*keys, *columns)
    found = list(db.session.execute(query.where(db.or_(*named))).mappings()) if named else []
    for some in hanging.parts(list(about)):
        found += db.session.execute(query.where(keys[0].in_(some))).mappings()
    return [dict(row) for row in {tuple(row[key.name] for key in keys): row for row in found}.values()]


def _replace(
    table: Table,
    keys: Sequence[Column[Any]],
    columns: Sequence[Column[Any]],
    row: Mapping[str, Any],
    known: Known,
    *,
    about: bool,
) -> None:
    changed: dict[str, Any] = {}
    for column in columns:
        before = row[column.name]
        after = _without(known, table, before, about=about and _is_prose(column))
        if after != before:
            limit = getattr(column.type, "length", None)
            changed[column.name] = after[:limit] if isinstance(after, str) and limit else after
    if not changed:
        return
    if table is table_of(Revision):
        changed["content_sha256"] = snapshot.sha256(changed["content"])
        # It is rendered again when someone asks for it.
        db.session.execute(db.delete(RevisionDocument).where(RevisionDocument.revision_id == row["id"]))
    this = db.and_(*(key == row[key.name] for key in keys))
    db.session.execute(db.update(table).where(this).values(**changed))
    _fold(table, this)


def fold(table: Table, key: Any) -> None:
    """Bring what searches look into up to date, in the row with this key."""
    _fold(table, hanging.primary_of(table) == key)


def _without(known: Known, table: Table, value: Any, *, about: bool) -> Any:
    """A text that holds JSON stays JSON: its names aren't touched, its values are."""
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return known.without(value, about=about)
    try:
        content = json.loads(value)
    except ValueError:
        return known.without(value, about=about)
    if table is table_of(Revision):
        after = _without_in_revision(known, content, about=about)
    else:
        after = known.without(content, about=about)
    return value if after == content else json.dumps(after, separators=(",", ":"), ensure_ascii=False)


def _without_in_revision(known: Known, content: dict[str, Any], *, about: bool) -> dict[str, Any]:
    """Words are looked for where people write: a name that is the organization's too stays there."""
    prose = {name: content[name] for name in PROSE}
    after: dict[str, Any] = known.without(content, about=False) | known.without(prose, about=about)
    after["lines"] = known.without(content["lines"], about=about)
    person = content["person"]
    if known.person is not None and person is not None and person["id"] == known.person["id"]:
        after["person"] = {**person, **known.person}
    return after


def _is_prose(column: Column[Any]) -> bool:
    """Whether people write there, or sentences about them stand there, instead of words of ours."""
    length = getattr(column.type, "length", None)
    return column.name not in OURS and (not length or length >= 100)


def _fold(table: Table, this: ColumnElement[bool]) -> None:
    """What searches look into follows the texts."""
    mapper = next((one for one in Base.registry.mappers if one.local_table is table), None)
    if mapper is None or not issubclass(mapper.class_, Searchable):
        return
    values = db.session.execute(db.select(table).where(this)).mappings().one()
    record = mapper.class_(**{one.key: values[one.columns[0].name] for one in mapper.column_attrs})
    record.fold()
    keys = {"name_key": record.name_key, "search_key": record.search_key}
    db.session.execute(db.update(table).where(this).values(**keys))


def _texts(table: Table) -> list[Column[Any]]:
    return [
        column
        for column in table.columns
        if isinstance(column.type, String | JSON)
        and not column.primary_key
        and not column.foreign_keys
        and not column.name.endswith(("_sha256", "_encrypted", "token", "_hash"))
    ]
