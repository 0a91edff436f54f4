"""The audit trail: the whole diary for admins, by filters, on a page and as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Select

from webapp.models import DiaryEntry, User, db
from webapp.services.core import spreadsheet, work
from webapp.services.core.fields import Reader
from webapp.services.core.place import Place
from webapp.services.diary import diary, forwarding, names, words
from webapp.services.diary.words import ChangeView

PAGE = 50
# Of a file, at a time.
BATCH = 500
COLUMNS = (
    *("id", "at", "who", "session", "address", "action", "object", "object_id", "revision", "changes"),
    *("detail", "sha256"),
)
# The first word of an action, as the page offers it.
AREAS = {
    "user": "Account",
    "single_sign_on": "Single sign-on",
    "quote": "Quote",
    "person": "Person",
    "organization": "Organization",
    "item": "Item",
    "category": "Category",
    "tax_code": "Tax code",
    "settings": "Settings",
    "integration": "Integration",
    "autotask": "Autotask",
    "links": "Autotask links",
    "push": "Sync",
    "drift": "Autotask changes",
    "webhook": "Webhook",
    "delivery": "Delivery",
    "audit": "Audit trail",
    "view": "List of quotes",
}


@dataclass(frozen=True)
class Filters:
    """What is asked for; empty and None: everything. ``who``: part of an email address or name; ``about``: an object as
    ``quote/12``. ``errors``: sentences by field; a field with one doesn't filter.
    """

    who: str = ""
    area: str = ""
    about: str = ""
    address: str = ""
    since: date | None = None
    until: date | None = None
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> dict[str, str]:
        """The filters as they stand in an address."""
        named = {name: getattr(self, name) for name in ("who", "area", "about", "address")}
        days = {"since": self.since, "until": self.until}
        return {
            **{name: value for name, value in named.items() if value},
            **{name: day.isoformat() for name, day in days.items() if day},
        }


@dataclass(frozen=True)
class Entry:
    """One entry in words, with what the chain keeps of it. ``about``: the name of its object, or its kind and id."""

    row: DiaryEntry
    area: str
    what: str
    about: str
    by: str
    changes: list[ChangeView]
    detail: list[tuple[str, str]]


@dataclass(frozen=True)
class Page:
    """A page of the trail, newest first. ``more``: older ones follow."""

    entries: list[Entry]
    number: int
    more: bool


def read(values: Mapping[str, object]) -> Filters:
    """The filters of a form or an address. What can't be read doesn't filter, and has a sentence."""
    reader = Reader(values)
    area, since, until = reader.raw("area"), reader.day("since"), reader.day("until")
    return Filters(
        who=reader.raw("who")[:254],
        area=area if area in AREAS else "",
        about=reader.raw("about")[:81],
        address=reader.raw("address")[:45],
        since=None if "since" in reader.errors else since,
        until=None if "until" in reader.errors else until,
        errors=reader.errors,
    )


def page(filters: Filters, here: Place, number: int = 1) -> Page:
    """Page ``number`` (from 1). ``here``: where the days of the filters are."""
    number = max(1, min(number, 100_000))
    query = _select(filters, here).options(db.joinedload(DiaryEntry.user)).order_by(DiaryEntry.id.desc())
    rows = list(db.session.scalars(query.limit(PAGE + 1).offset((number - 1) * PAGE)))
    named = names.of(rows[:PAGE])
    return Page([_view(row, named) for row in rows[:PAGE]], number, len(rows) > PAGE)


@work.command
def note_export(actor: User, filters: Filters, kind: str) -> int:
    """Write down that someone exports the trail; returns the newest entry that the file is about."""
    newest = db.session.scalar(db.select(db.func.max(DiaryEntry.id))) or 0
    diary.write(actor, "audit.exported", "audit", kind, filters=filters.query, up_to=newest)
    return newest


def as_csv(filters: Filters, here: Place, up_to: int) -> Iterator[str]:
    """The trail up to the entry ``up_to`` as CSV, oldest first, a line at a time."""
    yield from spreadsheet.lines(_cells(filters, here, up_to))


def as_json(filters: Filters, here: Place, up_to: int) -> Iterator[str]:
    """The same with one JSON object a line, with changes and detail as they are stored."""
    for row in _rows(filters, here, up_to):
        content = {"changes": row.changes, "detail": row.detail}
        yield (
            json.dumps({**forwarding.record(row), **content, "sha256": row.sha256}, ensure_ascii=False) + "\n"
        )


def _select(filters: Filters, here: Place) -> Select[Any]:
    query: Select[Any] = db.select(DiaryEntry)
    if filters.who:
        named = db.select(User.id).where(User.name.icontains(filters.who, autoescape=True))
        query = query.where(
            db.or_(DiaryEntry.actor.icontains(filters.who, autoescape=True), DiaryEntry.actor_id.in_(named))
        )
    if filters.area:
        query = query.where(DiaryEntry.action.startswith(f"{filters.area}.", autoescape=True))
    if filters.about:
        kind, _, object_id = filters.about.partition("/")
        query = query.where(DiaryEntry.object_type == kind)
        query = query.where(DiaryEntry.object_id == object_id) if object_id else query
    if filters.address:
        query = query.where(DiaryEntry.address == filters.address)
    if filters.since:
        query = query.where(DiaryEntry.at >= here.start_of(filters.since))
    if filters.until:
        query = query.where(DiaryEntry.at < here.end_of(filters.until))
    return query


def _rows(filters: Filters, here: Place, up_to: int) -> Iterator[DiaryEntry]:
    """In batches, so that a file of any length needs little memory."""
    after = 0
    query = _select(filters, here).where(DiaryEntry.id <= up_to).order_by(DiaryEntry.id).limit(BATCH)
    while rows := list(db.session.scalars(query.where(DiaryEntry.id > after))):
        after = rows[-1].id
        yield from rows
        db.session.expunge_all()


def _cells(filters: Filters, here: Place, up_to: int) -> Iterator[tuple[str, ...]]:
    yield COLUMNS
    for row in _rows(filters, here, up_to):
        facts = [str(value) if value is not None else "" for value in forwarding.record(row).values()]
        content = (json.dumps(part, ensure_ascii=False) if part else "" for part in (row.changes, row.detail))
        yield (*facts, *content, row.sha256)


def _view(row: DiaryEntry, named: Mapping[names.Key, str]) -> Entry:
    detail = [
        (name.replace("_", " "), value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in row.detail.items()
        if value not in ("", None, [], {})
    ]
    by = row.user.name if row.user else row.actor
    area = AREAS.get(row.action.partition(".")[0], "")
    kind = row.object_type.replace("_", " ")
    about = named.get((row.object_type, row.object_id)) or f"{kind} {row.object_id}"
    return Entry(row, area, words.action(row.action), about, by, words.changes(row.changes), detail)
