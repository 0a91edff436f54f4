"""Find items among very many: by the indexed words (``models.ItemWord``), a person's favorites first.

A search for words first asks the index which items have all of them. Few are fetched by their ids; where there are
many, the items are read in the order of the list until the page is full, which is soon then. Only words that no item
begins with are looked for in the middle of words, in every row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement

from webapp.models import Category, Item, ItemFavorite, ItemWord, Quote, QuoteLine, User, db, names
from webapp.services.core import lookup
from webapp.services.core.fields import clean_text, words

# More are “many”.
FEW = 500
# How many favorites, and how many of the latest quotes, are looked at.
FAVORITES = 200
LATEST_QUOTES = 30
RECENT = 50
# Behind every letter.
_LAST = "\U0010ffff"

Conditions = list[ColumnElement[bool]]


def matching(text: str) -> Conditions:
    """The conditions for items with every word of ``text``; none for an empty text."""
    typed = words(text)
    sought = [bare[: names.WORD_LENGTH] for bare in map(names.squeezed, typed) if bare]
    if not typed:
        return []
    if sought:
        queries = [db.select(ItemWord.item_id).where(_starts(word)) for word in sought]
        having_all = queries[0].distinct() if len(queries) == 1 else db.intersect(*queries)
        ids = list(db.session.scalars(having_all.limit(FEW + 1)))
        if len(ids) > FEW:
            own = ItemWord.item_id == Item.id
            return [db.exists().where(own, _starts(word)) for word in sought]
        if ids:
            return [Item.id.in_(ids)]
    return [lookup.has_word(word, Item.search_key) for word in typed]


def in_category(category_id: int | None) -> Conditions:
    """The condition for items of a category and its subcategories; none without one."""
    if category_id is None:
        return []
    below = db.select(Category.id).where(Category.parent_id == category_id)
    return [db.or_(Item.category_id == category_id, Item.category_id.in_(below))]


def preferred(text: str, viewer: User | None) -> list[int]:
    """The ids of items that come first: those with ``text`` as their code, favorites, and what was used last."""
    code = clean_text(text)
    first: list[int] = []
    if code and " " not in code:
        for column in (Item.sku, Item.mpn, Item.supplier_sku):
            query = db.select(Item.id).where(column.in_({code, code.upper(), code.lower()}))
            first += db.session.scalars(query.order_by(Item.id).limit(RECENT))
    if viewer is not None:
        first += favorites(viewer)
        first += recent(viewer)
    return list(dict.fromkeys(first))


def favorites(viewer: User) -> list[int]:
    """The ids of the items that they marked, by name."""
    query = (
        db.select(Item.id)
        .join(ItemFavorite, ItemFavorite.item_id == Item.id)
        .where(ItemFavorite.user_id == viewer.id)
        .order_by(Item.name_key, Item.id)
        .limit(FAVORITES)
    )
    return list(db.session.scalars(query))


def recent(viewer: User) -> list[int]:
    """The ids of the items in their latest quotes, the last ones first."""
    latest = (
        db.select(Quote.id, Quote.updated_at)
        .where(Quote.owner_id == viewer.id)
        .order_by(Quote.updated_at.desc(), Quote.id.desc())
        .limit(LATEST_QUOTES)
        .subquery()
    )
    query = (
        db.select(QuoteLine.item_id)
        .join(latest, latest.c.id == QuoteLine.quote_id)
        .where(QuoteLine.item_id.is_not(None))
        .group_by(QuoteLine.item_id)
        .order_by(db.func.max(latest.c.updated_at).desc(), db.func.max(QuoteLine.id).desc())
        .limit(RECENT)
    )
    return [item_id for item_id in db.session.scalars(query) if item_id is not None]


def ordered(wanted: Conditions, first: Sequence[int], limit: int, offset: int) -> list[Item]:
    """The items that meet all conditions: those of ``first`` in its order, then the others by name."""
    head: list[Item] = []
    if first:
        place = {item_id: number for number, item_id in enumerate(first)}
        found = db.session.scalars(loaded().where(Item.id.in_(first), *wanted))
        head = sorted(found, key=lambda item: place[item.id])
    shown = head[offset : offset + limit]
    if len(shown) == limit:
        return shown
    query = loaded().where(*wanted).order_by(Item.name_key, Item.id)
    if head:
        query = query.where(Item.id.not_in([item.id for item in head]))
    query = query.limit(limit - len(shown)).offset(max(0, offset - len(head)))
    return [*shown, *db.session.scalars(query)]


def loaded() -> Any:
    """A select of items with what lists show of them."""
    options = (
        db.joinedload(Item.category).joinedload(Category.parent),
        db.joinedload(Item.tax_code),
        db.joinedload(Item.replaced_by),
    )
    return db.select(Item).options(*options)


def _starts(word: str) -> ColumnElement[bool]:
    alike: ColumnElement[bool] = db.and_(ItemWord.word >= word, ItemWord.word < word + _LAST)
    return alike
