"""Items that are made of other items. No bundle is in a bundle, so nothing can contain itself."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from webapp.models import Item, ItemPart, User, db
from webapp.models.catalog import BUNDLE_PRICES, FIXED, SUM
from webapp.services.catalog import costs, dates, replacing, terms
from webapp.services.company import currencies, place
from webapp.services.core import formatting, merge, work
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.core.fields import Reader
from webapp.services.diary import diary
from webapp.services.quoting.money import prices
from webapp.services.quoting.money.money import to_unit

MAX_PARTS = 50
MAX_PRICE = Decimal(100_000_000)
MAX_QUANTITY = Decimal(100_000)
AUTOTASK_BUNDLE = "ServiceBundles"
STEPS = {"up": -1, "down": 1}


def shown(item: Item) -> dict[str, str]:
    """The text of each control of the form: its price, and the quantity of each part."""
    here = place.of_company()
    return {
        "bundle": item.bundle or (FIXED if item.origin_entity == AUTOTASK_BUNDLE else SUM),
        "unit_price": formatting.plain_price(item.unit_price, here),
        "shows_parts": "1" if item.shows_parts else "",
        "add": "",
        **{control(part): formatting.plain(part.quantity, here) for part in item.parts},
    }


def control(part: ItemPart) -> str:
    """The name of the field with the part's quantity."""
    return f"quantity-{part.item_id}"


def seen(item: Item) -> str:
    """The ``seen`` (``core.merge``) of the form."""
    return merge.seen(_stored(item))


def of_part(item: Item) -> list[Item]:
    """The bundles that the item is a part of, by name."""
    query = db.select(Item).join(ItemPart, ItemPart.bundle_id == Item.id).where(ItemPart.item_id == item.id)
    return list(db.session.scalars(query.order_by(Item.name_key, Item.id)))


def sum_of(item: Item, field: str = "unit_price") -> Decimal:
    """The sum of the parts that are billed like the bundle."""
    amounts = [
        part.quantity * getattr(part.item, field)
        for part in item.parts
        if part.item.recurrence == item.recurrence
    ]
    return to_unit(sum(amounts, Decimal(0)))


@work.command
def save(actor: User, item: Item, values: Mapping[str, object]) -> Item:
    """Set the parts and the price of a bundle from form input, then do what ``do`` says with one of them.

    ``add`` names an item to add; without parts, the item is no longer a bundle. Raises Invalid with sentences, or
    Conflict where someone else changed the bundle; stores nothing then.
    """
    reader = Reader(values, place.of_company())
    found = replacing.read(reader, "add") if reader.raw("add") else None
    # Those who make one of them a bundle and the other its part come after one another.
    lock = db.select(Item).where(Item.id.in_({item.id, found.id if found else item.id})).order_by(Item.id)
    db.session.scalars(lock.with_for_update(), execution_options={"populate_existing": True}).all()
    if merge.changed(values, _stored(item)):
        raise Conflict(
            "Someone else changed this bundle while you were editing. Nothing was saved. Reload the page to see their "
            "changes, or save again to replace them with yours."
        )
    kind = reader.choice("bundle", BUNDLE_PRICES, SUM)
    if item.origin_entity == AUTOTASK_BUNDLE:
        kind = FIXED
    for part in item.parts:
        part.quantity = _quantity(reader, control(part)) if reader.has(control(part)) else part.quantity
    _do(item, reader.text("do", 40))
    if found is not None:
        _add(item, found)
    price = item.unit_price
    if kind == FIXED and reader.has("unit_price"):
        price = reader.decimal("unit_price", maximum=MAX_PRICE, currency=currencies.of_company())
    reader.check()
    for position, part in enumerate(item.parts):
        part.position = position
    item.bundle, item.shows_parts = kind if item.parts else "", reader.flag("shows_parts")
    if item.bundle:
        # Its price is that of its parts, or typed.
        item.price_rule, item.price_percent = prices.FIXED, Decimal(0)
    before = dates.amounts(item)
    item.unit_price = price
    dates.follow(item, before)
    check(item)
    settle(item)
    db.session.flush()
    diary.write(actor, "item.parts_changed", "item", item.id, name=item.name)
    return item


def check(item: Item) -> None:
    """Raise Invalid where an item can't be a bundle, or a part of one, as it is now."""
    if not item.bundle:
        if item.unit_price < 0 and of_part(item):
            raise _refused(
                f"It is a part of “{of_part(item)[0].name}”, and a credit can't be one.", "unit_price"
            )
        return
    if item.unit_price < 0:
        raise _refused("A bundle can't be a credit. Enter a price of 0 or more.", "unit_price")
    periods = {part.item.recurrence for part in item.parts}
    label = formatting.period_label(item.recurrence).lower()
    if item.origin_entity == AUTOTASK_BUNDLE and periods - {item.recurrence}:
        raise _refused(f"All parts of this Autotask service bundle must be billed like it, {label}.", "add")
    if item.bundle == FIXED and item.recurrence not in periods:
        raise _refused(
            f"The fixed price is {label}, but no part is billed {label}. Add one, or use the sum of the parts.",
            "bundle",
        )


def follow(item: Item) -> None:
    """Bring the amounts of the bundles that the item is, or is in, up to those of their parts."""
    for bundle in [item] if item.bundle else of_part(item):
        settle(bundle)


def settle(item: Item) -> None:
    """Set a bundle's amounts from its parts; Autotask says those of its service bundles."""
    if not item.bundle or item.origin_entity == AUTOTASK_BUNDLE:
        return
    terms.of_item(item)
    before = dates.amounts(item)
    periods = [part.item.recurrence for part in item.parts]
    if item.bundle == SUM and item.recurrence not in periods:
        item.recurrence = periods[0]
    item.unit_cost = sum_of(item, costs.FIELD)
    if item.bundle == SUM:
        item.unit_price = sum_of(item)
    dates.follow(item, before)
    # Its cost is as old as the oldest, and without a date where one of them is.
    days = [part.item.cost_date for part in item.parts if part.item.unit_cost]
    item.cost_date = min((day for day in days if day is not None), default=None) if None not in days else None


def _do(item: Item, do: str) -> None:
    """Move, remove or replace the part that ``do`` names; nothing where it is gone."""
    verb, _, number = do.partition(" ")
    part = next((one for one in item.parts if str(one.item_id) == number), None)
    if part is None:
        return
    at = item.parts.index(part)
    if verb == "remove":
        item.parts.remove(part)
    elif verb == "use":
        successor = replacing.successor(part.item)
        if successor is not None:
            _check_part(item, successor)
            part.item = successor
    elif verb in STEPS:
        item.parts.remove(part)
        item.parts.insert(max(0, at + STEPS[verb]), part)


def _add(item: Item, part: Item) -> None:
    if len(item.parts) >= MAX_PARTS:
        raise _refused(f"A bundle can have up to {MAX_PARTS} parts.", "add")
    _check_part(item, part)
    item.parts.append(ItemPart(item=part, quantity=Decimal(1), position=len(item.parts)))


def _check_part(item: Item, part: Item) -> None:
    """Raise Invalid where ``part`` can't be a part of ``item``."""
    owners = of_part(item)
    if item.tiers:
        sentence = "This item has prices by quantity, which a bundle can't have. Clear them first."
    elif part is item:
        sentence = "A bundle can't contain itself. Choose another item."
    elif part.bundle:
        sentence = f"“{part.name}” is a bundle itself. Add its parts instead."
    elif owners:
        sentence = f"This item is a part of “{owners[0].name}”, so it can't have parts."
    elif any(one.item is part for one in item.parts):
        sentence = f"“{part.name}” is already a part. Change its quantity."
    elif part.unit_price < 0:
        sentence = f"“{part.name}” is a credit, which can't be a part."
    elif not part.is_active:
        sentence = f"“{part.name}” is inactive. Choose another item."
    else:
        return
    raise _refused(sentence, "add")


def _quantity(reader: Reader, name: str) -> Decimal:
    return reader.decimal(name, default=Decimal(1), maximum=MAX_QUANTITY, above_zero=True)


def _refused(sentence: str, field: str) -> Invalid:
    return Invalid("Nothing was saved. Fix the highlighted field.", {field: sentence})


def _stored(item: Item) -> dict[str, Any]:
    """What the form was opened with."""
    return {
        "bundle": item.bundle,
        "unit_price": item.unit_price if item.bundle == FIXED else None,
        "shows_parts": item.shows_parts,
        "parts": " ".join(f"{part.item_id}x{formatting.plain(part.quantity)}" for part in item.parts),
    }
