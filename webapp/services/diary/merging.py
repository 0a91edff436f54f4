"""Merge a form into its record; the diary knows who changed the fields in between."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from webapp.models import Base, DiaryEntry, User, db
from webapp.models.base import Recorded
from webapp.services.core import merge
from webapp.services.core.merge import Merged, Reading, Values

LOOKED_AT = 50


def into(
    actor: User | None,
    record: Base,
    form: Values,
    mine: Values,
    *,
    what: str,
    together: Iterable[tuple[str, ...]] = (),
    key: tuple[str, object] | None = None,
    reading: Reading = merge.IN_GENERAL,
    derived: Callable[[], Values] = dict,
) -> Merged:
    """What to store in ``record``, which is locked and read again: ``mine``, merged with what others stored.

    ``form``: see ``core.merge``. ``key``: what the diary calls the record, if it isn't ``Recorded``. ``reading``: how
    the sentences show values. ``derived``: of the stored values those that the record has no column for. Raises
    Conflict with the fields that both changed.
    """
    # With the key shared, as no form changes an id: others may refer to the record meanwhile.
    db.session.refresh(record, with_for_update={"key_share": True})
    also = derived()
    stored = {name: also[name] if name in also else getattr(record, name) for name in mine}

    def who(names: Collection[str]) -> str:
        if isinstance(record, Recorded):
            return who_changed(actor, *record.diary_object, names, record.diary_part[1])
        return who_changed(actor, *key, names) if key else merge.SOMEONE

    return merge.merge(form, mine, stored, what=what, who=who, together=together, reading=reading)


def who_changed(
    actor: User | None, object_type: str, object_id: object, names: Collection[str], part: str = ""
) -> str:
    """The person who changed one of the fields last, or else anything of the object."""
    query = (
        db.select(DiaryEntry)
        .filter_by(object_type=object_type, object_id=str(object_id))
        .order_by(DiaryEntry.id.desc())
        .limit(LOOKED_AT)
    )
    entries = list(db.session.scalars(query))
    for entry in entries:
        if any(change["field"] in names and change["part"] in ("", part) for change in entry.changes):
            return name_for(actor, entry)
    return name_for(actor, entries[0]) if entries else merge.SOMEONE


def name_for(actor: User | None, entry: DiaryEntry) -> str:
    """The person of an entry, as ``actor`` reads it."""
    if actor is not None and entry.actor_id == actor.id:
        return "You (in another tab)"
    return entry.user.name if entry.user else merge.SOMEONE
