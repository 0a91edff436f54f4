"""The kinds of records that links can have, how a file names them, and whether a record exists."""

from __future__ import annotations

import re
from dataclasses import dataclass

from webapp.models import Link, Organization, Person, Quote, QuoteLine, Revision, db
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.known.links import Local
from webapp.services.core.fields import parse_id

# Our kinds of records, and the entities that each can be linked to.
ENTITIES: dict[str, tuple[str, ...]] = {
    "organization": ("Companies",),
    "person": ("Contacts",),
    "quote": ("Opportunities", "Quotes"),
    "line": ("QuoteItems",),
    "location": ("QuoteLocations",),
    "goods": ("Products", "Services", "ServiceBundles"),
    "revision": ("OpportunityAttachments",),
}
# Entities that are written through a parent, whose id the link needs.
CHILDREN = {"Contacts": "company", "QuoteItems": "quote", "OpportunityAttachments": "opportunity"}
# Entities that only one of our records can be linked to. Several of ours can share a company or an opportunity.
ALONE = ("Quotes", "QuoteItems", "QuoteLocations", "OpportunityAttachments")
EXTRA_LINES = ("shipping", "discount")
PLACES = ("bill", "ship", "sold")
# A line added in Autotask that the next push deletes; it has no record here.
BY_HAND = "by-hand-"
_UID = re.compile(r"[\w-]{1,36}", re.ASCII)
_GOODS = re.compile(r"[0-9a-f]{24}")


def written(kind: str, local_id: str) -> str:
    """A record's name in a file, like “line/7/5f3a…”, which no spreadsheet takes for a number or a time."""
    return "/".join((kind, *local_id.split(":", 1)))


def sameness(kind: str, name: str) -> str:
    """The part of a record's name that people can't change: a quote's number; the whole name of other records."""
    return (
        name.split(maxsplit=1)[0]
        if name and kind in ("quote", "location", "revision")
        else " ".join(name.casefold().split())
    )


def parse(text: str) -> tuple[str, str]:
    """The kind and the id behind ``written``. Raises ValueError with a sentence."""
    kind, *parts = text.strip().split("/")
    if kind not in ENTITIES or len(parts) != (2 if kind in ("line", "location", "revision") else 1):
        known = ", ".join(f"{kind}/…" for kind in ENTITIES)
        raise ValueError(f"“{text[:80]}” isn't a valid record. Use one of {known}.")
    if kind == "goods":
        if not _GOODS.fullmatch(parts[0]):
            raise ValueError(f"“{text[:80]}” isn't a valid product or service.")
        return kind, parts[0]
    number = parse_id(parts[0])
    if number is None:
        raise ValueError(f"“{parts[0][:40]}” isn't a valid record ID.")
    parts[0] = str(number)
    if kind == "line" and not _UID.fullmatch(parts[1]):
        raise ValueError(f"“{parts[1][:40]}” isn't a valid line ID.")
    return kind, ":".join(parts)


@dataclass(frozen=True)
class Ours:
    """Every record of ours that a link can have, with its name."""

    organizations: dict[int, str]
    people: dict[int, str]
    quotes: dict[int, str]
    lines: dict[tuple[int, str], str]
    revisions: frozenset[tuple[int, int]]
    linked_lines: frozenset[str]

    def missing(self, kind: str, local_id: str) -> str:
        """A sentence when the record doesn't exist; empty when it does."""
        if kind == "goods":
            return ""
        first, _, rest = local_id.partition(":")
        number = int(first)
        if kind == "organization":
            return "" if number in self.organizations else f"There's no organization {number}."
        if kind == "person":
            return "" if number in self.people else f"There's no person {number}."
        if number not in self.quotes:
            return f"There's no quote with ID {number}."
        if kind == "line" and not self._has_line(number, rest, local_id):
            return f"The quote with ID {number} has no line {rest}."
        if kind == "location" and rest not in PLACES:
            return f"“{rest}” isn't a valid location. Use one of {', '.join(PLACES)}."
        if kind == "revision" and not (rest.isdigit() and (number, int(rest[:9])) in self.revisions):
            return f"The quote with ID {number} has no revision {rest}."
        return ""

    def name(self, kind: str, local_id: str) -> str:
        """A record's name; empty when it is unknown."""
        first, _, rest = local_id.partition(":")
        if kind == "goods":
            return ""
        number = int(first) if first.isdigit() else 0
        if kind == "organization":
            return self.organizations.get(number, "")
        if kind == "person":
            return self.people.get(number, "")
        if kind == "line":
            return self.lines.get((number, rest), rest if rest in EXTRA_LINES else "")
        if kind == "revision":
            return f"{self.quotes.get(number, '')}, revision {rest}"
        return self.quotes.get(number, "")

    def _has_line(self, number: int, uid: str, local_id: str) -> bool:
        # A deleted line stays linked until a push has deleted it in Autotask.
        return (number, uid) in self.lines or uid in EXTRA_LINES or local_id in self.linked_lines


def load() -> Ours:
    """Read all records, with a query for each kind."""
    lines = db.session.execute(db.select(QuoteLine.quote_id, QuoteLine.uid, QuoteLine.name))
    people = db.session.execute(db.select(Person.id, Person.first_name, Person.last_name))
    quotes = db.session.execute(db.select(Quote.id, Quote.number, Quote.title))
    organizations = db.session.execute(db.select(Organization.id, Organization.name))
    linked = db.select(Link.local_id).where(Link.integration == AUTOTASK, Link.local_type == "line")
    return Ours(
        organizations={number: str(name) for number, name in organizations},
        people={number: f"{first} {last}".strip() for number, first, last in people},
        quotes={number: f"{shown or 'Draft'} {title}" for number, shown, title in quotes},
        lines={(quote_id, uid): name for quote_id, uid, name in lines},
        revisions=frozenset(
            (quote_id, number)
            for quote_id, number in db.session.execute(db.select(Revision.quote_id, Revision.number))
        ),
        linked_lines=frozenset(db.session.scalars(linked)),
    )


def everything() -> list[Link]:
    """Every link to Autotask in a stable order, without lines that the next push deletes."""
    order = {kind: place for place, kind in enumerate(ENTITIES)}
    query = db.select(Link).filter_by(integration=AUTOTASK).order_by(Link.id)
    found = [link for link in db.session.scalars(query) if f":{BY_HAND}" not in link.local_id]
    return sorted(found, key=lambda link: (order.get(link.local_type, len(order)), link.id))


def counts() -> dict[str, int]:
    """How many links there are, by entity, in the order of ``ENTITIES``."""
    query = (
        db.select(Link.remote_entity, db.func.count())
        .where(Link.integration == AUTOTASK, Link.local_id.not_like(f"%:{BY_HAND}%"))
        .group_by(Link.remote_entity)
    )
    found = {str(entity): int(number) for entity, number in db.session.execute(query)}
    order = [entity for entities in ENTITIES.values() for entity in entities]
    return {entity: found[entity] for entity in sorted(found, key=order.index)}


def local_of(link: Link) -> Local:
    """The key of a link."""
    return link.local_type, link.local_id, link.remote_entity
