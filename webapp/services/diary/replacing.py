"""Replace what entries say about a person who is anonymized, so that the chain still holds."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement

from webapp.models import DiaryEntry, DiaryPermit, User, db
from webapp.services.diary import chain, diary

# Of the replaced entries that one entry names.
AT_ONCE = 200
REPLACE = "replace"

# The texts of an entry that can name a person, by column; ``content`` as JSON values.
Body = dict[str, Any]


def bodies(
    actor: User | None, which: ColumnElement[bool], replaced: Callable[[DiaryEntry, Body], Body]
) -> int:
    """In the open transaction: store what ``replaced`` makes of the bodies of entries. Returns how many it changed.

    From here until the commit no one else can add an entry, so it is called last.
    """
    db.session.flush()
    newest = chain.lock_head(db.session()).id
    hashes: dict[str, str] = {}
    db.session.add(DiaryPermit(what=REPLACE, through=newest))
    for entry in _entries(which, newest):
        before: Body = {"actor": entry.actor, "address": entry.address, "content": json.loads(entry.content)}
        after = replaced(entry, before)
        if after == before:
            continue
        entry.actor, entry.address = after["actor"][:254], after["address"]
        entry.content, entry.salt = chain.canonical(after["content"]), secrets.token_hex(32)
        hashes[str(entry.id)] = chain.body_hash_of(entry)
    db.session.flush()
    db.session.execute(db.delete(DiaryPermit).filter_by(what=REPLACE))
    for start in range(0, len(hashes), AT_ONCE):
        some = dict(list(hashes.items())[start : start + AT_ONCE])
        diary.write(actor, chain.REPLACED, "audit", "diary", bodies=some)
    return len(hashes)


def _entries(which: ColumnElement[bool], newest: int) -> Iterator[DiaryEntry]:
    after = 0
    query = db.select(DiaryEntry).where(which, DiaryEntry.id <= newest).order_by(DiaryEntry.id)
    while rows := list(db.session.scalars(query.where(DiaryEntry.id > after).limit(chain.READ_AT_ONCE))):
        after = rows[-1].id
        yield from rows
        db.session.flush()
        for row in rows:
            db.session.expunge(row)
