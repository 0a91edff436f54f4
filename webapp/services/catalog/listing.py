"""The list of items: filters, sorting, pages. Fast with 100,000 items, as each order has an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, UnaryExpression
from sqlalchemy.orm import InstrumentedAttribute

from webapp.models import Item, User, db
from webapp.services.catalog import costs, dates, finding
from webapp.services.company import place

PAGE = 50
ACTIVE, INACTIVE, STALE, REPLACED, EVERY = "active", "inactive", "stale", "replaced", "all"
# Each in words; the first is shown without a choice.
SHOWN = {
    ACTIVE: "Active items",
    INACTIVE: "Inactive items",
    STALE: "Old cost",
    REPLACED: "Replaced items",
    EVERY: "All items",
}
SORTS = {
    "name": Item.name_key,
    "sku": Item.sku,
    "manufacturer": Item.manufacturer,
    "supplier": Item.supplier,
    "cost": Item.unit_cost,
    "cost_date": Item.cost_date,
    "price": Item.unit_price,
}
# Those that say something about the cost.
OF_COST = ("cost", "cost_date")
SUPPLIERS = 500


@dataclass(frozen=True)
class Wish:
    """What someone asks of the list. ``sort``: a name of ``SORTS``, with a minus in front the other way round."""

    text: str = ""
    category_id: int | None = None
    supplier: str = ""
    shown: str = ACTIVE
    sort: str = "name"
    page: int = 1


@dataclass(frozen=True)
class Page:
    """One page. ``more``: there is a next one. ``favorites``: ids of items on it that the viewer marked."""

    items: list[Item]
    wish: Wish
    more: bool
    favorites: frozenset[int]


def of(viewer: User, wish: Wish) -> Page:
    """The page of the list that ``viewer`` asks for; what they may not see or isn't there becomes the usual."""
    wish = _allowed(viewer, wish)
    wanted = [*finding.in_category(wish.category_id), *_shown(wish)]
    if wish.supplier:
        wanted.append(Item.supplier == wish.supplier)
    match, order = finding.matching(wish.text), _order(wish.sort)
    # Only ids on the way to a late page; the rows of this one are read afterwards.
    ids = finding.page(match, wanted, order, PAGE + 1, (wish.page - 1) * PAGE)
    of_page = ids[:PAGE]
    marked = frozenset(finding.favorites(viewer)).intersection(of_page)
    return Page(finding.fetched(of_page), wish, len(ids) > PAGE, marked)


def suppliers() -> list[str]:
    """The suppliers by name, up to ``SUPPLIERS``."""
    query = db.select(Item.supplier).where(Item.supplier != "").distinct()
    return list(db.session.scalars(query.order_by(Item.supplier).limit(SUPPLIERS)))


def choices(viewer: User) -> dict[str, str]:
    """What the list can show, in words."""
    return {name: label for name, label in SHOWN.items() if name != STALE or costs.may_see(viewer)}


def _allowed(viewer: User, wish: Wish) -> Wish:
    shown = wish.shown if wish.shown in choices(viewer) else ACTIVE
    name = wish.sort.removeprefix("-")
    known = name in SORTS and (name not in OF_COST or costs.may_see(viewer))
    sort = wish.sort if known else "name"
    return Wish(wish.text, wish.category_id, wish.supplier, shown, sort, wish.page)


def _shown(wish: Wish) -> list[ColumnElement[bool]]:
    alone = wish.sort.endswith("name") and not (wish.text or wish.category_id or wish.supplier)
    active = finding.active(alone=alone)
    conditions: dict[str, list[ColumnElement[bool]]] = {
        ACTIVE: [active],
        INACTIVE: [Item.is_active.is_(False)],
        STALE: [active, dates.stale(place.today())],
        REPLACED: [Item.replaced_by_id.is_not(None)],
    }
    return conditions.get(wish.shown, [])


def _order(sort: str) -> tuple[UnaryExpression[Any], UnaryExpression[int]]:
    column: InstrumentedAttribute[Any] = SORTS[sort.removeprefix("-")]
    # As PostgreSQL's indexes have it; SQLite reads its own in two parts then.
    if sort.startswith("-"):
        return column.desc().nulls_first(), Item.id.desc()
    return column.asc().nulls_last(), Item.id.asc()
