"""The item library."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from webapp.models import Category, Item, TaxCode, User, db
from webapp.models.catalog import ONE_TIME, RECURRENCES
from webapp.services.catalog import categories, costs
from webapp.services.company import currencies, place
from webapp.services.core import lookup, merge, records, work
from webapp.services.core.fields import Reader, words
from webapp.services.diary import diary, merging

PAGE = 50
MAX_PRICE = Decimal(100_000_000)
MAX_QUANTITY = Decimal(1_000_000)
MAX_DESCRIPTION = 100_000
# “Category > Subcategory”.
MAX_PATH = 203
CODES = ("sku", "mpn", "manufacturer", "supplier")
# What an item and a line have in common, as a form reads it.
FIELDS = ("name", "description", "unit_price", "unit_cost", "recurrence", "category", "tax_code", *CODES)


def get(item_id: int) -> Item:
    """Raises NotFound with a sentence."""
    return records.get(Item, item_id, "This item is no longer in the library.")


def search(
    text: str, *, category_id: int | None = None, active_only: bool = True, limit: int = PAGE, offset: int = 0
) -> list[Item]:
    """Items whose name, SKU, MPN or manufacturer contains every word of ``text``, by name.

    ``category_id`` includes its subcategories.
    """
    query = (
        db.select(Item)
        .options(db.joinedload(Item.category).joinedload(Category.parent), db.joinedload(Item.tax_code))
        .order_by(Item.name, Item.id)
        .limit(limit)
        .offset(offset)
    )
    if active_only:
        query = query.where(Item.is_active)
    if category_id is not None:
        below = db.select(Category.id).where(Category.parent_id == category_id)
        query = query.where(db.or_(Item.category_id == category_id, Item.category_id.in_(below)))
    for word in words(text):
        query = query.where(lookup.has_word(word, Item.search_key))
    return list(db.session.scalars(query))


def seen(actor: User, item: Item | None) -> str:
    """The ``seen`` of the item's form (``core.merge``); empty for a new item."""
    return (
        merge.seen({name: getattr(item, name) for name in costs.shown(actor, (*FIELDS, "is_active"))})
        if item
        else ""
    )


@work.command
def save(actor: User | None, item: Item | None, values: Mapping[str, object]) -> Item:
    """Add (None) or change an item from form input.

    Raises Invalid with sentences, or Conflict where someone else changed the same fields; stores nothing then.
    """
    reading = merge.Reading(place.of_company(), currencies.of_company())
    reader = Reader(values, reading.place)
    read = read_fields(
        reader,
        item.tax_code if item else None,
        missing_name="Enter the item's name.",
        currency=reading.currency,
    )
    read["is_active"] = reader.flag("is_active")
    reader.check()
    costs.keep(actor, values, read, item.unit_cost if item else Decimal(0))
    if item is not None:
        read = merging.into(actor, item, values, read, what="item", reading=reading).values
    action = "item.changed" if item else "item.created"
    item = item or Item()
    for name, value in read.items():
        setattr(item, name, value)
    db.session.add(item)
    db.session.flush()
    diary.write(actor, action, "item", item.id, name=item.name)
    return item


def read_fields(
    reader: Reader, tax_code_before: TaxCode | None, *, missing_name: str, currency: str
) -> dict[str, Any]:
    """What an item and a line of a quote have in common, from form input; the errors stay with ``reader``.

    A price below zero makes it a credit, such as a trade-in: one-time, without cost and tax, because Autotask's
    discount items have neither.
    """
    read: dict[str, Any] = {
        "name": reader.text("name", 200, missing=missing_name),
        "description": reader.text("description", MAX_DESCRIPTION, one_line=False),
        "unit_price": reader.decimal(
            "unit_price", default=Decimal(0), minimum=-MAX_PRICE, maximum=MAX_PRICE, currency=currency
        ),
        "unit_cost": reader.decimal("unit_cost", default=Decimal(0), maximum=MAX_PRICE, currency=currency),
        "recurrence": reader.choice("recurrence", RECURRENCES, ONE_TIME),
        "category": read_category(reader),
        "tax_code": read_tax_code(reader, tax_code_before),
        **{code: reader.text(code, 100) for code in CODES},
    }
    if read["unit_price"] < 0:
        _check_credit(reader, read)
    return read


def _check_credit(reader: Reader, read: Mapping[str, Any]) -> None:
    if read["recurrence"] != ONE_TIME:
        reader.fail(
            "unit_price", "A credit (a price below 0) is one-time. Choose One-time, or use a discount."
        )
    if read["unit_cost"]:
        reader.fail("unit_cost", "A credit has no cost. Clear it.")
    if read["tax_code"] is not None:
        reader.fail("tax_code_id", "A credit isn't taxed in Autotask. Clear the tax code, or use a discount.")


def read_category(reader: Reader) -> Category | None:
    """The chosen category, by its id or by its path (``category``); an error when there is none."""
    if reader.has("category"):
        path = reader.text("category", MAX_PATH)
        category = categories.of_path(path) if path else None
        if path and category is None:
            reader.fail("category", "There's no category with this name. Choose one from the list.")
        return category
    category = records.find(Category, reader.identifier("category_id"))
    if reader.raw("category_id") and category is None:
        reader.fail("category_id", "This category was deleted. Choose another.")
    return category


def read_tax_code(reader: Reader, before: TaxCode | None) -> TaxCode | None:
    """The chosen tax code; an error when it no longer exists, or is inactive and isn't ``before``."""
    code = records.find(TaxCode, reader.identifier("tax_code_id"))
    if reader.raw("tax_code_id") and code is None:
        reader.fail("tax_code_id", "This tax code was deleted. Choose another.")
    if code is not None and not code.is_active and code is not before:
        reader.fail("tax_code_id", f"“{code.name}” is inactive. Choose another tax code.")
    return code
