"""The chain: each entry holds the hash of the entry before it, so that a row changed or removed later shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from sqlalchemy.orm import Session

from webapp.models import DiaryEntry, db

# Of PostgreSQL's advisory locks, the one that orders the commits of the diary.
LOCK = 0x0D1A27
FIRST = "0" * 64
READ_AT_ONCE = 500


@dataclass(frozen=True)
class Head:
    """The newest entry: its place and hash. Place 0: the diary is empty."""

    id: int
    sha256: str


@dataclass(frozen=True)
class Checked:
    """``sentence``: what is wrong with the first entry that doesn't follow from the one before it; empty if all do."""

    entries: int
    head: Head
    sentence: str = ""


def canonical(content: Mapping[str, Any]) -> str:
    """JSON with sorted keys and no spaces."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def lock_head(session: Session) -> Head:
    """The newest entry, with everybody else's commits to the diary held up until this transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(db.select(db.func.pg_advisory_xact_lock(LOCK)))
    query = db.select(DiaryEntry.id, DiaryEntry.sha256).order_by(DiaryEntry.id.desc()).limit(1)
    newest = session.execute(query).first()
    return Head(newest.id, newest.sha256) if newest else Head(0, FIRST)


def append(head: Head, entry: DiaryEntry) -> Head:
    """Give ``entry`` its place after ``head``; returns the new head."""
    entry.id, entry.previous_sha256 = head.id + 1, head.sha256
    entry.sha256 = hash_of(entry)
    return Head(entry.id, entry.sha256)


def hash_of(entry: DiaryEntry) -> str:
    """SHA-256 of everything in the entry but the hash itself."""
    values = {
        "id": entry.id,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": entry.actor_id,
        "actor": entry.actor,
        "session": entry.session,
        "address": entry.address,
        "action": entry.action,
        "object_type": entry.object_type,
        "object_id": entry.object_id,
        "revision": entry.revision,
        "content": entry.content,
        "previous": entry.previous_sha256,
    }
    return hashlib.sha256(canonical(values).encode()).hexdigest()


def check(noted: Head | None = None) -> Checked:
    """Read the whole diary and compare every hash.

    ``noted``: a head that an earlier check returned. Only with it does a diary show that was cut off or written anew.
    """
    head = Head(0, FIRST)
    while True:
        query = (
            db.select(DiaryEntry).where(DiaryEntry.id > head.id).order_by(DiaryEntry.id).limit(READ_AT_ONCE)
        )
        entries = list(db.session.scalars(query))
        for entry in entries:
            sentence = _fault(head, entry)
            if not sentence and noted and entry.id == noted.id and entry.sha256 != noted.sha256:
                sentence = f"Entry {entry.id} isn't the one that was noted."
            if sentence:
                return Checked(head.id, head, sentence)
            head = Head(entry.id, entry.sha256)
        if not entries:
            cut = noted is not None and noted.id > head.id
            return Checked(
                head.id, head, f"It ends at entry {head.id}, before the one that was noted." if cut else ""
            )
        db.session.expunge_all()


def _fault(head: Head, entry: DiaryEntry) -> str:
    if entry.id != head.id + 1:
        missing = (
            f"entry {head.id + 1} is"
            if entry.id == head.id + 2
            else f"entries {head.id + 1} to {entry.id - 1} are"
        )
        return f"The {missing} missing."
    if entry.previous_sha256 != head.sha256:
        return f"Entry {entry.id} doesn't follow entry {head.id}."
    if entry.sha256 != hash_of(entry):
        return f"Entry {entry.id} was changed after it was written."
    return ""
