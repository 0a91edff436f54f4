"""The chain: each entry holds the hash of the entry before it, so that a row changed or removed later shows.

An entry is a frame and a body. The body (who, from where, what exactly) can name a person; the frame holds the hash of
the body and of a salt, which goes with the body, so that no one can guess from the hash what stood there. Two things
may happen to entries later, and each is an entry itself: the bodies of some are replaced (``replacing``), which is true
if that entry has the hashes of the new ones, and the oldest are removed (``shortening``), which is true if that entry
has the hash of the last one that was removed.
"""

from __future__ import annotations

import hashlib
import json
import secrets
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
# The actions of the entries that say which bodies were replaced, and up to where entries were removed.
REPLACED, SHORTENED = "audit.replaced", "audit.shortened"
BODY = ("salt", "actor", "session", "address", "content")


@dataclass(frozen=True)
class Head:
    """The newest entry: its place and hash. Place 0: the diary is empty."""

    id: int
    sha256: str


@dataclass(frozen=True)
class Checked:
    """``sentence``: what is wrong with the first entry that doesn't follow from the one before it; empty if all do.

    ``is_outdated``: nothing is wrong, but the head that was noted is among the entries that were removed.
    """

    entries: int
    head: Head
    sentence: str = ""
    is_outdated: bool = False


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
    entry.salt = secrets.token_hex(32)
    entry.body_sha256 = body_hash_of(entry)
    entry.sha256 = hash_of(entry)
    return Head(entry.id, entry.sha256)


def hash_of(entry: DiaryEntry) -> str:
    """SHA-256 of the entry's frame, with the hash of its body as it was written."""
    values = {
        "id": entry.id,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": entry.actor_id,
        "action": entry.action,
        "object_type": entry.object_type,
        "object_id": entry.object_id,
        "revision": entry.revision,
        "body": entry.body_sha256,
        "previous": entry.previous_sha256,
    }
    return hashlib.sha256(canonical(values).encode()).hexdigest()


def body_hash_of(entry: DiaryEntry) -> str:
    """SHA-256 of the entry's body as it is now."""
    body = {name: getattr(entry, name) for name in BODY}
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def check(noted: Head | None = None) -> Checked:
    """Read the whole diary and compare every hash.

    ``noted``: a head that an earlier check returned. Only with it does a diary show that was cut off or written anew.
    """
    start, replaced = _start(), _replaced()
    head = start
    if noted is not None and noted.id < head.id:
        sentence = (
            f"Entry {noted.id}, which was noted, was removed since. Check without it, and note the newest."
        )
        return Checked(0, head, sentence, is_outdated=True)
    if noted is not None and noted.id == head.id and noted != head:
        return Checked(0, head, f"Entry {noted.id} isn't the one that was noted.")
    while True:
        query = (
            db.select(DiaryEntry).where(DiaryEntry.id > head.id).order_by(DiaryEntry.id).limit(READ_AT_ONCE)
        )
        entries = list(db.session.scalars(query))
        for entry in entries:
            sentence = _fault(head, entry, replaced.get(entry.id, entry.body_sha256))
            if not sentence and noted and entry.id == noted.id and entry.sha256 != noted.sha256:
                sentence = f"Entry {entry.id} isn't the one that was noted."
            if sentence:
                return Checked(head.id - start.id, head, sentence)
            head = Head(entry.id, entry.sha256)
        if not entries:
            cut = noted is not None and noted.id > head.id
            return Checked(
                head.id - start.id,
                head,
                f"It ends at entry {head.id}, before the one that was noted." if cut else "",
            )
        db.session.expunge_all()


def _start() -> Head:
    """Where the diary starts: at the end of what was removed, if an entry says so. That entry is checked too."""
    first = db.session.scalar(db.select(db.func.min(DiaryEntry.id))) or 1
    query = db.select(DiaryEntry).filter_by(action=SHORTENED).order_by(DiaryEntry.id.desc()).limit(1)
    entry = db.session.scalar(query)
    if entry is None or first == 1 or entry.detail.get("through") != first - 1:
        return Head(0, FIRST)
    return Head(first - 1, str(entry.detail.get("sha256")))


def _replaced() -> dict[int, str]:
    """The hashes of the bodies that were replaced, by entry. The entries that say so are checked too."""
    hashes: dict[int, str] = {}
    for entry in db.session.scalars(db.select(DiaryEntry).filter_by(action=REPLACED).order_by(DiaryEntry.id)):
        hashes |= {int(key): sha256 for key, sha256 in entry.detail["bodies"].items() if int(key) < entry.id}
    return hashes


def _fault(head: Head, entry: DiaryEntry, body_sha256: str) -> str:
    if entry.id != head.id + 1:
        missing = (
            f"entry {head.id + 1} is"
            if entry.id == head.id + 2
            else f"entries {head.id + 1} to {entry.id - 1} are"
        )
        return f"The {missing} missing."
    if entry.previous_sha256 != head.sha256:
        return f"Entry {entry.id} doesn't follow entry {head.id}."
    if entry.sha256 != hash_of(entry) or body_hash_of(entry) != body_sha256:
        return f"Entry {entry.id} was changed after it was written."
    return ""
