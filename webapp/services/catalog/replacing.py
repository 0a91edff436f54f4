"""Which item is sold instead of another one. The chain of successors always ends."""

from __future__ import annotations

import re

from webapp.models import Item, db, names
from webapp.services.core import records
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader, clean_text

FIELD = "replaced_by"
_NUMBER = re.compile(r"#(\d{1,10})\b", re.ASCII)
MAX_TEXT = 300


def named(item: Item | None) -> str:
    """The item as its field shows it, and as ``read`` finds it again: “#12 Firewall”."""
    return f"#{item.id} {item.name}" if item else ""


def read(reader: Reader, field: str = FIELD) -> Item | None:
    """The item that the form names by number, SKU, part number or name; an error where that isn't one item."""
    text = reader.text(field, MAX_TEXT)
    if not text:
        return None
    found = _found(text)
    if not found:
        reader.fail(field, "There's no item like this. Enter its SKU, part number or full name.")
    elif len(found) > 1:
        reader.fail(field, f"Several items are called this. Enter the number of one, such as #{found[0].id}.")
    return found[0] if len(found) == 1 else None


def _found(text: str) -> list[Item]:
    number = _NUMBER.match(text)
    item = records.find(Item, int(number[1])) if number else None
    if number and text == number[0]:
        return [item] if item else []
    # With more behind it, it is a number only as ``named`` writes it: a name can begin like one.
    if item is not None and text == named(item)[:MAX_TEXT]:
        return [item]
    text = clean_text(text)
    query = db.select(Item).limit(2).order_by(Item.id)
    for condition in (db.or_(Item.sku == text, Item.mpn == text), Item.name_key == names.name_key(text)):
        found = list(db.session.scalars(query.where(condition)))
        if found:
            return found
    return []


def successor(item: Item) -> Item | None:
    """The item to sell instead, at the end of the chain; None where nothing replaces it."""
    chain = _chain(item.replaced_by)
    return chain[-1] if chain else None


def predecessors(item: Item, limit: int) -> list[Item]:
    """The items that this one replaces, by name."""
    query = db.select(Item).filter_by(replaced_by_id=item.id).order_by(Item.name_key, Item.id).limit(limit)
    return list(db.session.scalars(query))


def check(item: Item, by: Item | None) -> None:
    """Raise Invalid where ``by`` can't replace ``item``. Both, and what replaces ``by``, stay locked until the commit.

    So two people can't close a circle from its two sides.
    """
    if by is None:
        return
    held: set[int] = set()
    while True:
        ids = {item.id, *(one.id for one in _chain(by))}
        if ids <= held:
            break
        held |= ids
        lock = db.select(Item).where(Item.id.in_(held)).order_by(Item.id)
        options = {"populate_existing": True}
        db.session.scalars(lock.with_for_update(key_share=True), execution_options=options).all()
    if item.id in (one.id for one in _chain(by)):
        sentence = (
            "An item can't replace itself. Choose another."
            if by is item
            else f"“{by.name}” is itself replaced by this item. Choose another, or clear it there first."
        )
        raise Invalid("Nothing was saved. Fix the highlighted field.", {FIELD: sentence})


def _chain(item: Item | None) -> list[Item]:
    """The item and those that replace it, one after the other; a circle ends where it closes."""
    chain: list[Item] = []
    while item is not None and item not in chain:
        chain.append(item)
        item = item.replaced_by
    return chain
