"""Find items among very many: by the indexed words (``models.ItemWord``), a person's favorites first.

A search for words first asks the index which items have all of them. Few are fetched by their ids; where there are
many, the items are read in the order of the list until the page is full, which is soon then. Only words that no item
begins with are looked for in the middle of words, in every row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Subquery

from webapp.models import Category, Item, ItemFavorite, ItemWord, Quote, QuoteLine, User, db, names
from webapp.services.core import lookup
from webapp.services.core.fields import clean_text, words

# More are “many”.
FEW = 500
# Where there are many, so many rows are read first, then twice as many each time.
FIRST_READ, MOST_READ = 1_000, 8_000
# How many favorites, and how many of the latest quotes, are looked at.
FAVORITES = 200
LATEST_QUOTES = 30
RECENT = 50
# Behind every letter.
_LAST = "\U0010ffff"

Conditions = list[ColumnElement[bool]]
Order = Sequence[Any]


@dataclass(frozen=True)
class Match:
    """What a search asks for: ``conditions``, or where very many items have them, the starts of ``words``."""

    conditions: Conditions = field(default_factory=list)
    words: tuple[str, ...] = ()


def matching(text: str) -> Match:
    """Items with every word of ``text``; all for an empty text."""
    typed = words(text)
    sought = [bare[: names.WORD_LENGTH] for bare in map(names.squeezed, typed) if bare]
    if not typed:
        return Match()
    if sought:
        ids = list(db.session.scalars(having_all(sought).limit(FEW + 1)))
        if len(ids) > FEW:
            return Match(words=tuple(sought))
        if ids:
            return Match([Item.id.in_(ids)])
    within = [lookup.has_word(word, Item.search_key) for word in typed]
    # By their ids too: reading every row once is quicker than in the order of the list.
    ids = list(db.session.scalars(db.select(Item.id).where(*within).limit(FEW + 1)))
    return Match(within if len(ids) > FEW else [Item.id.in_(ids)])


def having_all(sought: Sequence[str]) -> Any:
    """A select of the ids of items with words that start with each of ``sought``, which are squeezed."""
    queries = [db.select(ItemWord.item_id).where(_starts(word)) for word in sought]
    return queries[0].distinct() if len(queries) == 1 else db.intersect(*queries)


def page(match: Match, wanted: Conditions, order: Order, limit: int, offset: int) -> list[int]:
    """The ids of a page of the items that match and meet the conditions, in that order."""
    query = db.select(Item.id).where(*match.conditions, *wanted).order_by(*order)
    if not match.words:
        return list(db.session.scalars(query.limit(limit).offset(offset)))
    found: list[int] = []
    read, size = 0, FIRST_READ
    while len(found) < offset + limit:
        some = query.limit(size).offset(read)
        ids = list(db.session.scalars(some))
        fitting = _with_words(some.subquery(), match.words)
        found += [item_id for item_id in ids if item_id in fitting]
        if len(ids) < size:
            break
        read, size = read + size, min(2 * size, MOST_READ)
    return found[offset : offset + limit]


def _with_words(some: Subquery, sought: Sequence[str]) -> set[int]:
    """Those of the ids that ``some`` selects with words that start with each of ``sought``."""
    having = [db.exists().where(ItemWord.item_id == some.c.id, _starts(word)) for word in sought]
    return set(db.session.scalars(db.select(some.c.id).where(*having)))


def active(*, alone: bool) -> ColumnElement[bool]:
    """The condition for active items.

    Nearly all are. So only where it stands ``alone`` it asks for the index of the list; among other conditions and
    orders it is read as “not inactive”, or SQLite would give up their indexes for this one.
    """
    return Item.is_active.is_(True) if alone else Item.is_active.is_not(False)


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


def ordered(match: Match, wanted: Conditions, first: Sequence[int], limit: int, offset: int) -> list[Item]:
    """The items that match and meet the conditions: those of ``first`` in its order, then the others by name."""
    head: list[int] = []
    if first:
        query = db.select(Item.id).where(Item.id.in_(first), *match.conditions, *wanted)
        fitting = _with_words(query.subquery(), match.words)
        head = [item_id for item_id in first if item_id in fitting]
    ids = head[offset : offset + limit]
    if len(ids) < limit:
        others = [*wanted, Item.id.not_in(head)] if head else wanted
        ids += page(match, others, (Item.name_key, Item.id), limit - len(ids), max(0, offset - len(head)))
    return fetched(ids)


def fetched(ids: Sequence[int]) -> list[Item]:
    """The items with these ids, in this order, with what lists show of them."""
    options = (
        db.joinedload(Item.category).joinedload(Category.parent),
        db.joinedload(Item.tax_code),
        db.joinedload(Item.replaced_by),
    )
    rows = db.session.scalars(db.select(Item).options(*options).where(Item.id.in_(ids)))
    by_id = {item.id: item for item in rows}
    return [by_id[item_id] for item_id in ids]


def _starts(word: str) -> ColumnElement[bool]:
    alike: ColumnElement[bool] = db.and_(ItemWord.word >= word, ItemWord.word < word + _LAST)
    return alike
