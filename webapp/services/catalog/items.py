"""The item library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from webapp.models import Category, Item, TaxCode, User, db
from webapp.models.catalog import ONE_TIME, RECURRENCES
from webapp.services.catalog import (
    bundles,
    categories,
    costs,
    dates,
    finding,
    price_rules,
    replacing,
    rich_text,
    terms,
)
from webapp.services.company import currencies, place
from webapp.services.core import merge, records, work
from webapp.services.core.fields import Reader
from webapp.services.diary import diary, merging
from webapp.services.quoting.money import prices

PAGE = 50
# A price by quantity is chosen where there is one: on the line.
RULES = tuple(rule for rule in prices.RULES if rule != prices.TIERS)
MAX_PRICE = Decimal(100_000_000)
MAX_QUANTITY = Decimal(1_000_000)
MAX_DESCRIPTION = 100_000
# “Category > Subcategory”.
MAX_PATH = 203
CODES = ("sku", "mpn", "manufacturer", "supplier")
# What an item and a line have in common, as a form reads it.
FIELDS = ("name", "description", "unit_price", "unit_cost", "recurrence", "category", "tax_code", *CODES)
# What the form of an item shows.
FORM = (
    *(name for name in FIELDS if name != "description"),
    *("markdown", "supplier_sku", "list_price", "price_date", "cost_date", "replaced_by", "is_active"),
    *("price_rule", "price_percent", "margin", "markup", "price_ending", "tiers"),
    *terms.ITEM,
)


def get(item_id: int) -> Item:
    """Raises NotFound with a sentence."""
    return records.get(Item, item_id, "This item is no longer in the library.")


def search(
    text: str,
    *,
    category_id: int | None = None,
    active_only: bool = True,
    limit: int = PAGE,
    offset: int = 0,
    viewer: User | None = None,
) -> list[Item]:
    """Items with every word of ``text`` in name, SKU, MPN, manufacturer or supplier's SKU.

    First those whose code is ``text``, then the favorites of ``viewer`` and what their quotes used last, then the rest
    by name. ``category_id`` includes its subcategories.
    """
    wanted = finding.in_category(category_id)
    if active_only:
        wanted.append(finding.active(alone=not wanted and not text))
    return finding.ordered(finding.matching(text), wanted, finding.preferred(text, viewer), limit, offset)


def seen(actor: User, item: Item | None) -> str:
    """The ``seen`` of the item's form (``core.merge``); empty for a new item."""
    shown = costs.shown(actor, FORM)
    return merge.seen({name: price_rules.value(item, name) for name in shown}) if item else ""


@work.command
def save(actor: User | None, item: Item | None, values: Mapping[str, object]) -> Item:
    """Add (None) or change an item from form input.

    Raises Invalid with sentences, or Conflict where someone else changed the same fields; stores nothing then.
    """
    reading = merge.Reading(place.of_company(), currencies.of_company())
    numbers = {name: getattr(item, name) for name in ("unit_price", "unit_cost")} if item else {}
    reader = Reader(values, reading.place, numbers)
    read = read_fields(
        reader,
        item.tax_code if item else None,
        missing_name="Enter the item's name.",
        currency=reading.currency,
    )
    read |= _own_fields(reader)
    terms.fail(reader, {**(terms.together(item) if item else terms.NONE), **read})
    # It follows from the Markdown.
    del read["description"]
    description = rich_text.text(read["markdown"])
    if len(description) > MAX_DESCRIPTION:
        reader.fail(
            "markdown", f"As plain text, this has more than {MAX_DESCRIPTION:,} characters. Shorten it."
        )
    reader.check()
    costs.keep(actor, values, read, item.unit_cost if item else Decimal(0))
    price_rules.read(actor, values, item, read, reading.currency, RULES)
    if item is not None:
        replacing.check(item, read.get(replacing.FIELD))
        # A form without all of a term leaves the rest of it as it is.
        together = (
            price_rules.together(values, read),
            tuple(name for name in terms.TOGETHER if name in read),
        )
        derived = partial(price_rules.derived, item)
        read = merging.into(
            actor, item, values, read, what="item", together=together, reading=reading, derived=derived
        ).values
    action = "item.changed" if item else "item.created"
    before = dates.amounts(item) if item else {}
    inputs = price_rules.inputs(item) if item else {}
    is_new = item is None
    item = item or Item()
    # Descriptions from before there was Markdown, and from Autotask, stay as they are until someone edits them.
    if is_new or read["markdown"] != item.markdown:
        item.description = description
    for name, value in read.items():
        if name not in price_rules.DERIVED:
            setattr(item, name, value)
    terms.of_item(item)
    terms.check(item)
    price_rules.follow(item, inputs, reading.currency)
    dates.follow(item, before)
    db.session.add(item)
    db.session.flush()
    bundles.check(item)
    bundles.follow(item)
    diary.write(actor, action, "item", item.id, name=item.name)
    return item


def _own_fields(reader: Reader) -> dict[str, Any]:
    """What an item has and no form of a line; of the optional ones those that this form has."""
    source = "markdown" if reader.has("markdown") else "description"
    read: dict[str, Any] = {
        "markdown": reader.text(source, MAX_DESCRIPTION, one_line=False),
        "is_active": reader.flag("is_active"),
    }
    optional: dict[str, Callable[[], object]] = {
        "supplier_sku": lambda: reader.text("supplier_sku", 100),
        **{name: partial(dates.read, reader, name) for name in dates.DATED.values()},
        replacing.FIELD: lambda: replacing.read(reader),
    }
    return read | {name: take() for name, take in optional.items() if reader.has(name)}


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
        **terms.read(reader, currency, MAX_PRICE),
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
