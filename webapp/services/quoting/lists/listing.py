"""Lists of quotes with their stage and totals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from webapp.models import Organization, Person, Quote, QuoteLine, Revision, User, db, utc_now
from webapp.services.accounts import permissions
from webapp.services.core import lookup
from webapp.services.core.fields import parse_id, words
from webapp.services.quoting.draft import stages
from webapp.services.quoting.money.totals import Totals
from webapp.services.quoting.revisions import pricing

PAGE = 40
# What the stage and the customer of a quote are read from.
STAGE_LOADS = (
    db.joinedload(Quote.organization),
    db.joinedload(Quote.person),
    db.selectinload(Quote.revisions).load_only(Revision.number, Revision.expires_on, Revision.ends_at),
)


@dataclass(frozen=True)
class Row:
    """One quote of a list, with its stage now and the totals of its draft."""

    quote: Quote
    stage: str
    totals: Totals


@dataclass(frozen=True)
class Page:
    """One page of a list. ``more``: there is a next page."""

    rows: list[Row]
    number: int
    more: bool


def search(
    viewer: User, text: str = "", *, stage: str = "", owner_id: int | None = None, page: int = 1
) -> Page:
    """Quotes that ``viewer`` may see with every word of ``text`` in number, title or customer, last changed first.

    ``stage``: one of ``stages.STAGES``, or empty for all. ``page`` counts from 1.
    """
    page = max(1, min(page, 10_000))
    now = utc_now()
    query = _loading_all(with_customer(viewer)).limit(PAGE + 1).offset((page - 1) * PAGE)
    if owner_id is not None:
        query = query.where(Quote.owner_id == owner_id)
    if stage:
        query = query.where(stages.in_stage(stage, now))
    query = query.where(*having(text))
    quotes = list(db.session.scalars(query))
    return Page([row(quote, now) for quote in quotes[:PAGE]], page, len(quotes) > PAGE)


def with_customer(viewer: User) -> Any:
    """A select of the quotes that ``viewer`` may see, joined to their customers, last changed first."""
    return (
        permissions.visible(db.select(Quote), viewer)
        .outerjoin(Quote.organization)
        .outerjoin(Quote.person)
        .order_by(Quote.updated_at.desc(), Quote.id.desc())
    )


def having(text: str) -> list[ColumnElement[bool]]:
    """The conditions for quotes (``with_customer``) with every word of ``text`` in number, title or customer."""
    conditions: list[ColumnElement[bool]] = []
    for word in words(text):
        matches = lookup.has_word(word, Quote.search_key, Organization.search_key, Person.search_key)
        number = parse_id(word.lstrip("#"))
        conditions.append(db.or_(matches, Quote.number == number) if number else matches)
    return conditions


def some(
    viewer: User, *conditions: ColumnElement[bool], limit: int = 10, newest_first: bool = True
) -> list[Row]:
    """Quotes that ``viewer`` may see and that meet ``conditions``, newest change first, or by expiration date."""
    order = Quote.updated_at.desc() if newest_first else Quote.expiry
    query = (
        _loading_all(permissions.visible(db.select(Quote), viewer))
        .where(*conditions)
        .order_by(order, Quote.id.desc())
        .limit(limit)
    )
    return [row(quote, utc_now()) for quote in db.session.scalars(query)]


def row(quote: Quote, now: datetime) -> Row:
    """One quote with its stage and totals."""
    return Row(quote, stages.stage_of(quote, now), pricing.of_quote(quote))


def _loading_all(query: Any) -> Any:
    """The select of quotes, loading everything a list shows in few queries."""
    return query.options(
        *STAGE_LOADS,
        db.joinedload(Quote.owner),
        db.selectinload(Quote.lines).joinedload(QuoteLine.tax_code),
    )
