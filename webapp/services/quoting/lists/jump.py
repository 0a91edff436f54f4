"""What a person jumps to from any page: quotes, customers and items that fit a few words, or what they had last."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import ColumnElement

from webapp.models import Item, Organization, Person, Quote, User, db, utc_now
from webapp.services.accounts import permissions
from webapp.services.catalog import finding, items
from webapp.services.people import directory
from webapp.services.quoting.draft import stages
from webapp.services.quoting.lists import listing

QUOTES, ORGANIZATIONS, PEOPLE, ITEMS = 5, 3, 3, 5
RECENT_ITEMS = 3


@dataclass(frozen=True)
class QuoteHit:
    """A quote, with its stage now."""

    quote: Quote
    stage: str


@dataclass(frozen=True)
class OrganizationHit:
    """An organization, with the number of its quotes that the viewer may see."""

    organization: Organization
    quotes: int


@dataclass(frozen=True)
class Found:
    """What fits, few of each."""

    quotes: list[QuoteHit] = field(default_factory=list)
    organizations: list[OrganizationHit] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)


def find(viewer: User, text: str) -> Found:
    """What ``viewer`` may see with every word of ``text``; without one, what they worked on last."""
    if not text:
        return Found(_quotes(viewer, Quote.owner_id == viewer.id), items=_recent_items(viewer))
    return Found(
        _quotes(viewer, *listing.having(text)),
        _organizations(viewer, directory.search_organizations(text, limit=ORGANIZATIONS)),
        directory.search_people(text, limit=PEOPLE),
        items.search(text, limit=ITEMS, viewer=viewer),
    )


def _quotes(viewer: User, *conditions: ColumnElement[bool]) -> list[QuoteHit]:
    now = utc_now()
    query = listing.with_customer(viewer).where(*conditions).options(*listing.STAGE_LOADS).limit(QUOTES)
    return [QuoteHit(quote, stages.stage_of(quote, now)) for quote in db.session.scalars(query)]


def _organizations(viewer: User, found: list[Organization]) -> list[OrganizationHit]:
    query = (
        permissions.visible(db.select(Quote.organization_id, db.func.count()), viewer)
        .where(Quote.organization_id.in_([one.id for one in found]))
        .group_by(Quote.organization_id)
    )
    counts: dict[int, int] = {one[0]: one[1] for one in db.session.execute(query)}
    return [OrganizationHit(one, counts.get(one.id, 0)) for one in found]


def _recent_items(viewer: User) -> list[Item]:
    return finding.fetched(finding.recent(viewer)[:RECENT_ITEMS])
