"""By what a person is known here: what their record says now, and what the diary says that it said before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement

from webapp.models import DiaryEntry, Organization, Person, Quote, Revision, User, db, names
from webapp.services.company import app_settings
from webapp.services.people import directory
from webapp.services.privacy.values import REMOVED, Known

FIELDS = (*directory.PERSON_TEXTS, "email")
# A shorter text stands for too many other things.
SHORTEST = 2


def quotes_of_person(person: Person) -> list[int]:
    """The ids of the quotes that are theirs, or that name them in a revision."""
    # As the canonical content of a revision has it, and nothing else does.
    marked = Revision.content.contains(f'"id":{person.id},"last_name":', autoescape=True)
    frozen = db.session.scalars(db.select(Revision.quote_id).where(marked).distinct())
    own = db.session.scalars(db.select(Quote.id).filter_by(person_id=person.id))
    return sorted({*own, *frozen})


def person(record: Person) -> Known:
    """By what a contact is known."""
    said: dict[str, set[str]] = {name: {getattr(record, name)} for name in FIELDS}
    for entry in _entries("person", record.id):
        for change in entry.changes:
            if change["field"] in said:
                said[change["field"]] |= {str(change[side]) for side in ("before", "after") if change[side]}
    full = _full_names(said["first_name"], said["last_name"])
    for entry in _entries("person", record.id):
        full.add(str(entry.detail.get("name") or ""))
    contacts = {"email", "phone", "mobile"}
    texts = {text for name in contacts for text in said[name]} | full
    own = {text for text in texts if text and not _is_anyone_elses(text, person_id=record.id)}
    words = {text for name in ("first_name", "last_name", "title") for text in said[name]} | (texts - own)
    alias = f"Anonymous {record.id}"
    empty = dict.fromkeys(("email", "title", "phone", "mobile"), "")
    placeholder = {"id": record.id, "first_name": "Anonymous", "last_name": str(record.id), **empty}
    return Known(alias, _usable(own), _usable(words), _usable(full), placeholder)


def user(record: User) -> Known:
    """By what a user is known."""
    said: dict[str, set[str]] = {"name": {record.name}, "email": {record.email}}
    for entry in _entries("user", record.id):
        for change in entry.changes:
            if change["field"] in said:
                said[change["field"]] |= {str(change[side]) for side in ("before", "after") if change[side]}
    texts = said["name"] | said["email"]
    own = {text for text in texts if text and not _is_anyone_elses(text, user_id=record.id)}
    return Known(f"Former user {record.id}", _usable(own), _usable(texts - own), _usable(said["name"]))


def entries(
    known: Known, objects: Iterable[tuple[str, object]], user_id: int | None = None
) -> ColumnElement[bool]:
    """The condition that an entry of the diary is about one of ``objects``, is by the user, or names the person."""
    naming = [
        column.icontains(text, autoescape=True)
        for column in (DiaryEntry.actor, DiaryEntry.content)
        for text in known.spellings(about=False)
    ]
    ids: dict[str, list[str]] = {}
    for kind, number in objects:
        ids.setdefault(kind, []).append(str(number))
    about = [
        (DiaryEntry.object_type == kind) & DiaryEntry.object_id.in_(of_kind) for kind, of_kind in ids.items()
    ]
    theirs = [DiaryEntry.actor_id == user_id] if user_id is not None else []
    condition: ColumnElement[bool] = db.or_(*about, *naming, *theirs)
    return condition


def without_fields(content: dict[str, Any]) -> dict[str, Any]:
    """The content of an entry about a contact's record, without what their fields were."""
    changes = [
        {
            **change,
            **{side: REMOVED if change[side] else change[side] for side in ("before", "after")},
        }
        if change["field"] in FIELDS
        else change
        for change in content["changes"]
    ]
    return {**content, "changes": changes}


def without_provider(content: dict[str, Any]) -> dict[str, Any]:
    """The content of an entry about a user, without what the sign-in provider calls them."""
    detail = content["detail"]
    return {**content, "detail": {**detail, "named": REMOVED}} if "named" in detail else content


def _entries(object_type: str, object_id: int) -> list[DiaryEntry]:
    query = db.select(DiaryEntry).filter_by(object_type=object_type, object_id=str(object_id))
    return list(db.session.scalars(query))


def _full_names(firsts: set[str], lasts: set[str]) -> set[str]:
    found: set[str] = set()
    for first in firsts:
        for last in lasts:
            if first and last:
                found |= {f"{first} {last}", f"{last} {first}", f"{last}, {first}"}
    return found


def _usable(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(text for text in texts if len(text.strip()) >= SHORTEST))


def _is_anyone_elses(text: str, *, person_id: int = 0, user_id: int = 0) -> bool:
    """Whether someone else here, or a company, has this text: then it can't be taken out everywhere."""
    key = names.name_key(text)
    people = db.select(Person.id).where(
        Person.id != person_id,
        db.or_(Person.name_key == key, *(_same(getattr(Person, name), text) for name in FIELDS)),
    )
    accounts = db.select(User.id).where(
        User.id != user_id, db.or_(_same(User.email, text), _same(User.name, text))
    )
    texts = ("name", "phone", "website")
    companies = db.select(Organization.id).where(
        db.or_(*(_same(getattr(Organization, name), text) for name in texts))
    )
    if any(db.session.scalar(query.limit(1)) for query in (people, accounts, companies)):
        return True
    profile, _ = app_settings.get(app_settings.COMPANY_PROFILE)
    return any(names.folded(str(value)) == names.folded(text) for value in profile.values())


def _same(column: Any, text: str) -> Any:
    return db.func.lower(column) == text.lower()
