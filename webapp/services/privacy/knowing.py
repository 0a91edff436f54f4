"""By what a person is known here: what their record says now, and what the diary says that it said before."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement

from webapp.models import (
    Acceptance,
    DiaryEntry,
    Organization,
    Person,
    Quote,
    QuoteComment,
    QuoteShare,
    QuoteSigner,
    Revision,
    Signature,
    SigningCode,
    User,
    db,
)
from webapp.services.company import app_settings
from webapp.services.people import directory
from webapp.services.privacy import values
from webapp.services.privacy.values import Known

FIELDS = (*directory.PERSON_TEXTS, "email")
USER_FIELDS = ("name", "email")


def quotes_of_person(person: Person) -> list[int]:
    """The ids of the quotes that are theirs, or that have a revision for them."""
    # As the canonical content of a revision has it, and nothing else does.
    marked = Revision.content.contains(f'"id":{person.id},"last_name":', autoescape=True)
    frozen = db.session.scalars(db.select(Revision.quote_id).where(marked).distinct())
    own = db.session.scalars(db.select(Quote.id).filter_by(person_id=person.id))
    return sorted({*own, *frozen})


def quotes_beside(known: Known, own: Collection[int]) -> list[int]:
    """The ids of quotes of others in which a contact is named: who signs or signed, has a link, wrote, got a code.

    ``own``: the ids of their own.
    """
    emails = [email.lower() for email in known.emails]
    found: set[int] = set()
    for model in (QuoteSigner, Signature, Acceptance, QuoteShare, QuoteComment):
        query = db.select(model.quote_id, model.email, model.name).where(
            db.func.lower(model.email).in_(emails)
        )
        found |= {row.quote_id for row in db.session.execute(query) if known.is_them(row.email, row.name)}
    theirs = [email.lower() for email in known.own_emails]
    codes = db.select(SigningCode.quote_id).where(db.func.lower(SigningCode.email).in_(theirs))
    return sorted({*found, *db.session.scalars(codes)} - set(own))


def contact(record: Person) -> tuple[Known, list[int], list[int]]:
    """By what a contact is known, the ids of their own quotes, and of those of others that name them."""
    own = quotes_of_person(record)
    beside = quotes_beside(person(record, own), own)
    return person(record, [*own, *beside]), own, beside


def quotes_of_user(user: User) -> list[int]:
    """The ids of the quotes that they own or created, or that have a revision with them as the owner."""
    own = db.session.scalars(db.select(Quote.id).filter_by(owner_id=user.id))
    created = db.session.scalars(
        db.select(DiaryEntry.object_id).filter_by(
            actor_id=user.id, object_type="quote", action="quote.created"
        )
    )
    marks = [
        Revision.content.icontains(f'"owner_email":{json.dumps(email, ensure_ascii=False)}', autoescape=True)
        for email in _account_emails(user)
    ]
    frozen = db.session.scalars(db.select(Revision.quote_id).where(db.or_(*marks))) if marks else ()
    there = db.session.scalars(db.select(Quote.id).where(Quote.id.in_([int(one) for one in created])))
    return sorted({*own, *there, *frozen})


def person(record: Person, quote_ids: Sequence[int]) -> Known:
    """By what a contact is known. ``quote_ids``: of their quotes."""
    said: dict[str, set[str]] = {name: {getattr(record, name)} for name in FIELDS}
    named: set[str] = set()
    for entry in _entries("person", record.id):
        named.add(str(entry.detail.get("name") or ""))
        for change in entry.changes:
            if change["field"] in said:
                said[change["field"]] |= {str(change[side]) for side in ("before", "after") if change[side]}
    for first in said["first_name"]:
        for last in said["last_name"]:
            named |= {f"{first} {last}".strip(), f"{last}, {first}" if first and last else ""}
    empty = dict.fromkeys(("email", "title", "phone", "mobile"), "")
    return Known(
        alias=f"Anonymous {record.id}",
        emails=_emails(said["email"]),
        own_emails=_own_emails(said["email"], person_id=record.id),
        names=values.full_names(named),
        phones=values.phones(said["phone"] | said["mobile"]),
        kept=_kept(record.organization_id, quote_ids),
        person={"id": record.id, "first_name": "Anonymous", "last_name": str(record.id), **empty},
    )


def user(record: User, quote_ids: Sequence[int]) -> Known:
    """By what a user is known. ``quote_ids``: of their quotes."""
    said = _user_texts(record)
    return Known(
        alias=f"Former user {record.id}",
        emails=_emails(said["email"]),
        own_emails=_own_emails(said["email"], user_id=record.id),
        names=values.full_names(said["name"]),
        kept=_kept(None, quote_ids),
        user_id=record.id,
        account_emails=_account_emails(record),
        signatures=tuple(sorted(said["name"] - {""})),
    )


def entries(known: Known, objects: Iterable[tuple[str, object]]) -> ColumnElement[bool]:
    """The condition that an entry of the diary is about one of ``objects``, is by the user, or has the email."""
    naming = [
        column.icontains(text, autoescape=True)
        for column in (DiaryEntry.actor, DiaryEntry.content)
        for text in values.spellings(known.own_emails)
    ]
    ids: dict[str, list[str]] = {}
    for kind, number in objects:
        ids.setdefault(kind, []).append(str(number))
    about = [
        (DiaryEntry.object_type == kind) & DiaryEntry.object_id.in_(of_kind) for kind, of_kind in ids.items()
    ]
    theirs = [DiaryEntry.actor_id == known.user_id] if known.user_id is not None else []
    condition: ColumnElement[bool] = db.or_(*about, *naming, *theirs)
    return condition


def _entries(object_type: str, object_id: int) -> list[DiaryEntry]:
    query = db.select(DiaryEntry).filter_by(object_type=object_type, object_id=str(object_id))
    return list(db.session.scalars(query))


def _user_texts(record: User) -> dict[str, set[str]]:
    said: dict[str, set[str]] = {name: {getattr(record, name)} for name in USER_FIELDS}
    for entry in _entries("user", record.id):
        for change in entry.changes:
            if change["field"] in said:
                said[change["field"]] |= {str(change[side]) for side in ("before", "after") if change[side]}
    return said


def _account_emails(record: User) -> tuple[str, ...]:
    """Those of no other account. A contact or the company may have them too: an owner is always a user."""
    return tuple(
        email for email in _emails(_user_texts(record)["email"]) if not _has_account(email.lower(), record.id)
    )


def _has_account(email: str, except_id: int) -> bool:
    query = db.select(User.id).where(User.id != except_id, db.func.lower(User.email) == email)
    return db.session.scalar(query.limit(1)) is not None


def _emails(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({text.strip() for text in texts if "@" in text}))


def _own_emails(texts: Iterable[str], *, person_id: int = 0, user_id: int = 0) -> tuple[str, ...]:
    """Those that no one else here has: others aren't theirs to take out of texts that may be about anyone."""
    return tuple(
        email
        for email in _emails(texts)
        if not _is_anyone_elses(email.lower(), person_id=person_id, user_id=user_id)
    )


def _is_anyone_elses(email: str, *, person_id: int, user_id: int) -> bool:
    people = db.select(Person.id).where(Person.id != person_id, db.func.lower(Person.email) == email)
    if db.session.scalar(people.limit(1)) is not None or _has_account(email, user_id):
        return True
    profile, _ = app_settings.get(app_settings.COMPANY_PROFILE)
    return str(profile.get("email", "")).strip().lower() == email


def _kept(organization_id: int | None, quote_ids: Sequence[int]) -> tuple[str, ...]:
    """What the seller and the companies of the quotes are called, and where they are reached."""
    profile, _ = app_settings.get(app_settings.COMPANY_PROFILE)
    found = {value for value in profile.values() if isinstance(value, str)}
    on_quotes = db.select(Quote.organization_id).where(Quote.id.in_(quote_ids))
    of_people = db.select(Person.organization_id).join(Quote, Quote.person_id == Person.id)
    query = db.select(Organization).where(
        db.or_(
            Organization.id == organization_id,
            Organization.id.in_(on_quotes),
            Organization.id.in_(of_people.where(Quote.id.in_(quote_ids))),
        )
    )
    for organization in db.session.scalars(query):
        found |= {organization.name, organization.phone, organization.website}
    for content in db.session.scalars(db.select(Revision.content).where(Revision.quote_id.in_(quote_ids))):
        frozen: dict[str, Any] = json.loads(content)["organization"] or {}
        found |= {str(frozen.get(name) or "") for name in ("name", "phone", "website")}
    return tuple(sorted(found - {""}))
