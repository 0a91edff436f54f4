"""The kinds of records that links can have, how a file names them, and whether a record exists."""

from __future__ import annotations

import re
from dataclasses import dataclass

from webapp.models import Link, Organization, Person, Quote, QuoteLine, Revision, db, local_key
from webapp.models.integration import AUTOTASK
from webapp.models.local_key import (
    ACCEPTANCE,
    GOODS,
    LINE,
    LOCATION,
    ORGANIZATION,
    PARTS,
    PERSON,
    QUOTE,
    REVISION,
    LocalKey,
)
from webapp.services.core.fields import parse_id
from webapp.services.quoting.revisions import parts

# Our kinds of records, and the entities that each can be linked to.
ENTITIES: dict[str, tuple[str, ...]] = {
    ORGANIZATION: ("Companies",),
    PERSON: ("Contacts",),
    QUOTE: ("Opportunities", "Quotes"),
    LINE: ("QuoteItems",),
    LOCATION: ("QuoteLocations",),
    GOODS: ("Products", "Services", "ServiceBundles"),
    REVISION: ("OpportunityAttachments",),
    ACCEPTANCE: ("OpportunityAttachments",),
}
# Entities that are written through a parent, whose id the link needs.
CHILDREN = {"Contacts": "company", "QuoteItems": "quote", "OpportunityAttachments": "opportunity"}
# Entities that only one of our records can be linked to. Several of ours can share a company or an opportunity.
ALONE = ("Quotes", "QuoteItems", "QuoteLocations", "OpportunityAttachments")
EXTRA_LINES = ("shipping", "discount")
PLACES = ("bill", "ship", "sold")
_UID = re.compile(r"[\w-]{1,36}", re.ASCII)
_GOODS = re.compile(r"[0-9a-f]{24}")


def written(local: LocalKey) -> str:
    """A record's name in a file, like “line/7/5f3a…”, which no spreadsheet takes for a number or a time."""
    return f"{local.kind}/{local.quote_id}/{local.id}" if local.kind in PARTS else f"{local.kind}/{local.id}"


def sameness(kind: str, name: str) -> str:
    """The part of a record's name that people can't change: a quote's number; the whole name of other records."""
    return (
        name.split(maxsplit=1)[0]
        if name and kind in (QUOTE, LOCATION, REVISION, ACCEPTANCE)
        else " ".join(name.casefold().split())
    )


def parse(text: str) -> LocalKey:
    """The key behind ``written``. Raises ValueError with a sentence."""
    kind, *names = text.strip().split("/")
    if kind not in ENTITIES or len(names) != (2 if kind in PARTS else 1):
        known = ", ".join(f"{kind}/…" for kind in ENTITIES)
        raise ValueError(f"“{text[:80]}” isn't a valid record. Use one of {known}.")
    if kind == GOODS:
        if not _GOODS.fullmatch(names[0]):
            raise ValueError(f"“{text[:80]}” isn't a valid product or service.")
        return local_key.goods(names[0])
    number = parse_id(names[0])
    if number is None:
        raise ValueError(f"“{names[0][:40]}” isn't a valid record ID.")
    if kind == LINE and not _UID.fullmatch(names[1]):
        raise ValueError(f"“{names[1][:40]}” isn't a valid line ID.")
    if kind in (REVISION, ACCEPTANCE):
        revision = parse_id(names[1])
        if revision is None:
            raise ValueError(f"“{names[1][:40]}” isn't a valid revision.")
        return LocalKey(kind, str(revision), number)
    return LocalKey(kind, names[-1], number) if kind in PARTS else LocalKey.parse(kind, str(number))


@dataclass(frozen=True)
class Ours:
    """Every record of ours that a link can have, with its name."""

    organizations: dict[int, str]
    people: dict[int, str]
    quotes: dict[int, str]
    lines: dict[tuple[int, str], str]
    revisions: frozenset[tuple[int, int]]
    linked_lines: frozenset[LocalKey]

    def missing(self, local: LocalKey) -> str:
        """A sentence when the record doesn't exist; empty when it does."""
        kind, number, part = local.kind, local.number, local.id
        if kind == GOODS:
            return ""
        if kind == ORGANIZATION:
            return "" if number in self.organizations else f"There's no organization {number}."
        if kind == PERSON:
            return "" if number in self.people else f"There's no person {number}."
        if number is None or number not in self.quotes:
            return f"There's no quote with ID {number}."
        if kind == LINE and not self._has_line(local):
            return f"The quote with ID {number} has no line {part}."
        if kind == LOCATION and part not in PLACES:
            return f"“{part}” isn't a valid location. Use one of {', '.join(PLACES)}."
        if kind in (REVISION, ACCEPTANCE) and (number, int(part)) not in self.revisions:
            return f"The quote with ID {number} has no revision {part}."
        return ""

    def name(self, local: LocalKey) -> str:
        """A record's name; empty when it is unknown."""
        kind, number, part = local.kind, local.number or 0, local.id
        if kind == GOODS:
            return ""
        if kind == ORGANIZATION:
            return self.organizations.get(number, "")
        if kind == PERSON:
            return self.people.get(number, "")
        if kind == LINE:
            return self.lines.get((number, part), part if part in EXTRA_LINES else "")
        if kind in (REVISION, ACCEPTANCE):
            signed = " as accepted" if kind == ACCEPTANCE else ""
            return f"{self.quotes.get(number, '')}, revision {part}{signed}"
        return self.quotes.get(number, "")

    def _has_line(self, local: LocalKey) -> bool:
        # A deleted line stays linked until a push has deleted it in Autotask.
        is_ours = (local.number, local.id) in self.lines or local.id in EXTRA_LINES
        return is_ours or local in self.linked_lines


def load() -> Ours:
    """Read all records, with a query for each kind."""
    columns = (QuoteLine.quote_id, QuoteLine.uid, QuoteLine.name, QuoteLine.setup_fee)
    lines = db.session.execute(db.select(*columns)).all()
    fees = {(number, parts.fee_uid(uid)): f"Setup fee: {name}" for number, uid, name, fee in lines if fee}
    bundles = db.session.scalars(db.select(QuoteLine).where(QuoteLine.bundle != ""))
    made_of = {(line.quote_id, part.uid): part.name for line in bundles for part in parts.listed(line)}
    people = db.session.execute(db.select(Person.id, Person.first_name, Person.last_name))
    quotes = db.session.execute(db.select(Quote.id, Quote.number, Quote.title))
    organizations = db.session.execute(db.select(Organization.id, Organization.name))
    linked = db.select(Link.local_id).where(Link.integration == AUTOTASK, Link.local_type == LINE)
    return Ours(
        organizations={number: str(name) for number, name in organizations},
        people={number: f"{first} {last}".strip() for number, first, last in people},
        quotes={number: f"{shown or 'Draft'} {title}" for number, shown, title in quotes},
        lines={(quote_id, uid): name for quote_id, uid, name, _ in lines} | made_of | fees,
        revisions=frozenset(
            (quote_id, number)
            for quote_id, number in db.session.execute(db.select(Revision.quote_id, Revision.number))
        ),
        linked_lines=frozenset(LocalKey.parse(LINE, stored) for stored in db.session.scalars(linked)),
    )


def everything() -> list[Link]:
    """Every link to Autotask in a stable order, without lines that the next push deletes."""
    order = {kind: place for place, kind in enumerate(ENTITIES)}
    query = db.select(Link).filter_by(integration=AUTOTASK).order_by(Link.id)
    found = [link for link in db.session.scalars(query) if not link.local.is_doomed]
    return sorted(found, key=lambda link: (order.get(link.local_type, len(order)), link.id))


def counts() -> dict[str, int]:
    """How many links there are, by entity, in the order of ``ENTITIES``."""
    query = (
        db.select(Link.remote_entity, db.func.count())
        .where(
            Link.integration == AUTOTASK, *(Link.local_id.not_like(pattern) for pattern in local_key.DOOMED)
        )
        .group_by(Link.remote_entity)
    )
    found = {str(entity): int(number) for entity, number in db.session.execute(query)}
    order = [entity for entities in ENTITIES.values() for entity in entities]
    return {entity: found[entity] for entity in sorted(found, key=order.index)}
