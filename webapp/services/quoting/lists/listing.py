"""Lists of quotes with their stage and totals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, UnaryExpression

from webapp.models import Organization, Person, Quote, QuoteLine, Revision, User, db, utc_now
from webapp.models.catalog import ONE_TIME, RECURRENCES
from webapp.services.accounts import permissions
from webapp.services.core import lookup
from webapp.services.core.fields import parse_id, words
from webapp.services.quoting.draft import stages
from webapp.services.quoting.money.totals import Totals
from webapp.services.quoting.revisions import pricing

PAGE = 40
# Of more quotes no sums are computed: each one is computed from its lines.
MOST_SUMMED = 1000
MONTHS = {"monthly": 1, "quarterly": 3, "semi_annual": 6, "annual": 12}
# The revenue before tax by currency and billing period.
Sums = dict[str, dict[str, Decimal]]
# What a list can be sorted by: what has an index, and the last day.
SORTS: dict[str, Any] = {
    "number": Quote.number,
    "title": Quote.title,
    "expires": Quote.expiry,
    "updated": Quote.updated_at,
}
LATEST = "-updated"
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

    @property
    def recurring(self) -> list[tuple[str, Decimal]]:
        """What recurs, before tax, by billing period; the largest first."""
        found = [(name, one.revenue) for name, one in self.totals.periods.items() if name != ONE_TIME]
        return sorted((pair for pair in found if pair[1]), key=lambda pair: -pair[1])

    @property
    def margin_percent(self) -> Decimal | None:
        """The margin of the first year: what is paid once, and a year of what recurs; None without revenue."""
        year = {name: 1 if name == ONE_TIME else Decimal(12) / MONTHS[name] for name in self.totals.periods}
        net = sum((one.net * year[name] for name, one in self.totals.periods.items()), Decimal(0))
        margin = sum((one.margin * year[name] for name, one in self.totals.periods.items()), Decimal(0))
        return (margin * 100 / net).quantize(Decimal("0.1")) if net else None


@dataclass(frozen=True)
class Some:
    """A short list: quotes that meet ``conditions``, newest change first, or by expiration date."""

    conditions: tuple[ColumnElement[bool], ...]
    limit: int
    newest_first: bool = True

    def place(self, row: Row) -> Any:
        """What its rows are sorted by."""
        return (row.quote.updated_at if self.newest_first else row.quote.expiry), row.quote.id


@dataclass(frozen=True)
class View:
    """Which quotes, in which order.

    ``text``: words in number, title or customer; ``stage``: one of ``stages.STAGES``, or empty for all; ``sort``: a
    name of ``SORTS``, with a minus in front the other way round.
    """

    text: str = ""
    stage: str = ""
    owner_id: int | None = None
    sort: str = LATEST


@dataclass(frozen=True)
class Page:
    """One page of a list. ``more``: there is a next page. ``count``: of the whole view.

    ``sums``: of the whole view, where this page is all of it.
    """

    rows: list[Row]
    number: int
    more: bool
    count: int
    sums: Sums | None = None


def search(viewer: User, view: View, *, page: int = 1) -> Page:
    """A page of the quotes of ``view`` that ``viewer`` may see. ``page`` counts from 1."""
    page = max(1, min(page, 10_000))
    now = utc_now()
    query = _in_view(viewer, view, now)
    rows = _loading_all(query.order_by(None).order_by(*_order(view.sort)))
    quotes = list(db.session.scalars(rows.limit(PAGE + 1).offset((page - 1) * PAGE)))
    shown, more = _rows(quotes[:PAGE], now), len(quotes) > PAGE
    if page == 1 and not more:
        return Page(shown, page, more, len(shown), _sums_of(shown))
    return Page(shown, page, more, _count(query))


def foot(viewer: User, view: View) -> tuple[int, Sums | None]:
    """How many quotes of ``view`` ``viewer`` may see, and their sums; None for more than ``MOST_SUMMED``."""
    now = utc_now()
    query = _in_view(viewer, view, now)
    count = _count(query)
    if count > MOST_SUMMED:
        return count, None
    return count, _sums_of(_rows(db.session.scalars(_loading_all(query).limit(MOST_SUMMED)), now))


def ids(viewer: User, view: View) -> list[int]:
    """The ids of all quotes of ``view`` that ``viewer`` may see, in its order."""
    query = _in_view(viewer, view, utc_now()).order_by(None).order_by(*_order(view.sort))
    return list(db.session.scalars(query.with_only_columns(Quote.id)))


def of_ids(quote_ids: list[int]) -> list[Row]:
    """These quotes in this order; who may see them was asked before (``ids``). Those that are gone are left out."""
    found = {
        one.id: one
        for one in db.session.scalars(_loading_all(db.select(Quote).where(Quote.id.in_(quote_ids))))
    }
    return _rows([found[one] for one in quote_ids if one in found], utc_now())


def _count(query: Any) -> int:
    ids = query.order_by(None).with_only_columns(Quote.id).subquery()
    return db.session.scalar(db.select(db.func.count()).select_from(ids)) or 0


def _in_view(viewer: User, view: View, now: datetime) -> Any:
    query = with_customer(viewer).where(*having(view.text))
    if view.owner_id is not None:
        query = query.where(Quote.owner_id == view.owner_id)
    return query.where(stages.in_stage(view.stage, now)) if view.stage else query


def _order(sort: str) -> tuple[UnaryExpression[Any], UnaryExpression[int]]:
    column = SORTS[sort.removeprefix("-")]
    # As PostgreSQL's indexes have it.
    if sort.startswith("-"):
        return column.desc().nulls_first(), Quote.id.desc()
    return column.asc().nulls_last(), Quote.id.asc()


def _sums_of(rows: list[Row]) -> Sums:
    found: Sums = {}
    for one in rows:
        periods = found.setdefault(one.quote.currency, {})
        for name, period in one.totals.periods.items():
            if period.revenue:
                periods[name] = periods.get(name, Decimal(0)) + period.revenue
    return {
        currency: {name: periods[name] for name in RECURRENCES if name in periods}
        for currency, periods in sorted(found.items())
    }


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


def some(viewer: User, *conditions: ColumnElement[bool], limit: int = 10) -> list[Row]:
    """Quotes that ``viewer`` may see and that meet ``conditions``, newest change first."""
    query = _chosen(_loading_all(db.select(Quote)), viewer, Some(conditions, limit))
    return _rows(db.session.scalars(query), utc_now())


def several(viewer: User, **lists: Some) -> dict[str, list[Row]]:
    """The same for several lists by their names, which are read together: in two steps, however many they are."""
    chosen = [
        _chosen(db.select(db.literal(name).label("list"), Quote.id), viewer, one).subquery().select()
        for name, one in lists.items()
    ]
    places = db.session.execute(db.union_all(*chosen)).all()
    found: dict[str, list[Row]] = {name: [] for name in lists}
    rows = {row.quote.id: row for row in of_ids([quote_id for _, quote_id in places])}
    for name, quote_id in places:
        if quote_id in rows:
            found[name].append(rows[quote_id])
    for name, one in lists.items():
        # A union promises no order.
        found[name].sort(key=one.place, reverse=one.newest_first)
    return found


def _chosen(query: Any, viewer: User, some: Some) -> Any:
    order = (Quote.updated_at.desc(), Quote.id.desc()) if some.newest_first else (Quote.expiry, Quote.id)
    return permissions.visible(query, viewer).where(*some.conditions).order_by(*order).limit(some.limit)


def _rows(quotes: Iterable[Quote], now: datetime) -> list[Row]:
    return [Row(one, stages.stage_of(one, now), pricing.of_quote(one)) for one in quotes]


def _loading_all(query: Any) -> Any:
    """The select of quotes, loading everything a list shows in few queries."""
    return query.options(
        *STAGE_LOADS,
        db.joinedload(Quote.owner),
        db.selectinload(Quote.sections),
        db.selectinload(Quote.lines).joinedload(QuoteLine.tax_code),
    )
