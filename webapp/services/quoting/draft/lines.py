"""Add, change, move and delete the lines of a draft."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from webapp.models import Item, Quote, QuoteLine, TaxCode, User, db, utc_now
from webapp.models.catalog import LINE_FIELDS
from webapp.services.catalog import costs, dates, items, price_rules, tax_codes, terms, tiers
from webapp.services.company import place, profile
from webapp.services.core import merge, records
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.core.fields import Reader
from webapp.services.diary import diary, merging
from webapp.services.quoting.draft import bundles, discounts, editing, line_form, quantities, sections, steps
from webapp.services.quoting.draft.editing import lock_editable
from webapp.services.quoting.money import prices
from webapp.services.quoting.revisions import parts

MAX_LINES = 1000
# A line takes these from its item as they are; of its tax code only an active one.
FROM_ITEM = tuple(name for name in LINE_FIELDS if name != "tax_code_id")
PRICE = (*price_rules.GROUP, "list_price", "shows_savings", "price_ending")
FIELDS = (
    *items.FIELDS,
    *("quantity", "discount_kind", "discount_value", "is_optional", "is_selected"),
    *(*terms.LINE, *quantities.FIELDS),
    *(name for name in PRICE if name not in items.FIELDS),
)
# Those that the editor shows of a line that is opened, in two forms; it shows the others of every line.
DETAILS = (
    *("description", *items.CODES, "category", "is_optional", "is_selected"),
    *(*terms.LINE, *quantities.FIELDS),
)
CELLS = tuple(
    name for name in FIELDS if name not in (*DETAILS, "list_price", "shows_savings", "price_ending")
)
# Fields that only mean something together, besides those that lead the price.
TOGETHER = (editing.DISCOUNT, ("is_optional", "is_selected"), quantities.FIELDS, terms.TOGETHER)
# What a copy has from its original, but for its section.
COPIED = tuple(name for name in steps.LINE if name != "section_uid")


@steps.undoable
def add_item(actor: User, quote_id: int, item: Item, quantity: Decimal = Decimal(1)) -> QuoteLine:
    """Add an item of the library as the last line. Raises Invalid when the quote is full or closed."""
    quote = with_room(quote_id)
    copied = {name: getattr(item, name) for name in FROM_ITEM}
    tax_code = tax_codes.of_item(item, default_tax_code() if item.unit_price >= 0 else None)
    line = QuoteLine(uid=new_uid(), item_id=item.id, quantity=quantity, tax_code=tax_code, **copied)
    if item.bundle:
        bundles.fill(line, item, default_tax_code())
    elif item.tiers:
        line.tiers, line.price_rule = tiers.of_line(item), prices.TIERS
        price_rules.follow(line, {}, quote.currency)
    bundles.settle_terms(line)
    append(quote, line)
    return finish(actor, quote, line, "quote.line_added")


@steps.undoable
def add_ad_hoc(actor: User, quote_id: int, values: Mapping[str, object]) -> QuoteLine:
    """Add a custom item as the last line; only ``name`` is required. Raises Invalid with sentences."""
    quote = with_room(quote_id)
    before = discounts.before(actor, quote)
    read = line_form.read(Reader(values, place.of_company()), None, quote.currency)
    costs.keep(actor, values, read, Decimal(0))
    price_rules.read(actor, values, None, read, quote.currency)
    read["shows_savings"] = Reader(values).flag("shows_savings")
    if "tax_code_id" not in values and read["unit_price"] >= 0:
        read["tax_code"] = default_tax_code()
    line = new(read, quote.currency)
    quantities.check(line, quantities.FIELDS)
    append(quote, line)
    finish(actor, quote, line, "quote.line_added")
    discounts.check(actor, quote, before)
    return line


@steps.undoable
def change(actor: User, quote_id: int, uid: str, values: Mapping[str, object]) -> QuoteLine:
    """Change a line from form input. A form that was opened with a part of the line changes no other part.

    Raises Invalid with a sentence for each wrong field, Conflict where someone else changed the same fields, NotFound
    when it was deleted; stores nothing then.
    """
    quote = lock_editable(quote_id)
    line, before = find(quote, uid), discounts.before(actor, quote)
    here = place.of_company()
    numbers = {name: getattr(line, name) for name in ("quantity", "unit_price", "unit_cost")}
    reader = Reader(line_form.with_the_rest(actor, line, values), here, numbers)
    read = line_form.read(reader, line.tax_code, quote.currency)
    costs.keep(actor, values, read, line.unit_cost)
    price_rules.read(actor, values, line, read, quote.currency)
    if "shows_savings" in values or "shows_savings" in merge.opened_with(values):
        read["shows_savings"] = Reader(values).flag("shows_savings")
    reading = merge.Reading(here, quote.currency)
    together = (*TOGETHER, price_rules.together(values, read))
    derived = partial(price_rules.derived, line)
    merged = merging.into(
        actor, line, values, read, what="line", together=together, reading=reading, derived=derived
    )
    stored = [name for name in merged.values if name not in price_rules.DERIVED]
    changed = [name for name in stored if getattr(line, name) != merged.values[name]]
    bundles.check(line, changed)
    amounts, inputs = dates.amounts(line), price_rules.inputs(line)
    for name in changed:
        setattr(line, name, merged.values[name])
    follow(line, amounts, inputs, quote.currency)
    bundles.follow(line, changed)
    quantities.check(line, changed)
    sections.settle(quote, line)
    discounts.check(actor, quote, before)
    if changed:
        note(actor, quote, line, "quote.line_changed")
    return line


@steps.undoable
def change_parts(actor: User, quote_id: int, uid: str, values: Mapping[str, object]) -> QuoteLine:
    """Change the parts and the price of a bundle from form input (``bundles.read``)."""
    quote = lock_editable(quote_id)
    line, before = find(quote, uid), discounts.before(actor, quote)
    if bundles.read(actor, line, values, quote.currency):
        discounts.check(actor, quote, before)
        note(actor, quote, line, "quote.line_changed")
    return line


def seen(actor: User | None, line: QuoteLine, fields: Collection[str] = FIELDS) -> str:
    """The ``seen`` (``core.merge``) of a form with these fields of the line."""
    return merge.seen({name: price_rules.value(line, name) for name in costs.shown(actor, fields)})


def new(read: Mapping[str, Any], currency: str) -> QuoteLine:
    """A line of what was ``read`` of a form (``price_rules.read``)."""
    line = QuoteLine(
        uid=new_uid(), **{name: value for name, value in read.items() if name not in price_rules.DERIVED}
    )
    follow(line, {}, {}, currency)
    return line


def follow(line: QuoteLine, amounts: dict[str, object], inputs: Mapping[str, object], currency: str) -> None:
    """What follows from a change: a price by its rule, the dates of price and cost. Raises Invalid with a sentence.

    ``amounts`` and ``inputs``: of the line before (``dates.amounts``, ``price_rules.inputs``), empty if new.
    """
    price_rules.settle(line)
    bundles.settle_terms(line)
    terms.check(line)
    price_rules.follow(line, inputs, currency)
    dates.follow(line, amounts)
    line_form.check_amount(line.quantity, line.unit_price)


@steps.undoable
def duplicate(actor: User, quote_id: int, uid: str) -> QuoteLine:
    """Insert a copy below a line."""
    quote = with_room(quote_id)
    original = find(quote, uid)
    copy = QuoteLine(uid=new_uid(), section=original.section, **copied(original))
    quote.lines.insert(quote.lines.index(original) + 1, copy)
    return finish(actor, quote, copy, "quote.line_added")


@steps.undoable
def move(actor: User, quote_id: int, uid: str, position: int) -> QuoteLine:
    """Move a line to ``position``, counted from 1, and into the section there (``sections.follow``).

    Positions out of range mean the first or last place.
    """
    quote = lock_editable(quote_id)
    line = find(quote, uid)
    sections.follow(quote, line, position - 1)
    return finish(actor, quote, line, "quote.line_moved")


@steps.undoable
def remove(actor: User, quote_id: int, uid: str) -> QuoteLine:
    """Delete a line; returns it as it was."""
    quote = lock_editable(quote_id)
    line = find(quote, uid)
    quote.lines.remove(line)
    return finish(actor, quote, line, "quote.line_removed")


def copied(line: QuoteLine) -> dict[str, Any]:
    """What a copy has from its original, but for its section. Parts are other records in Autotask, with other uids."""
    return {name: getattr(line, name) for name in COPIED} | {"stored_parts": parts.copied(line)}


def find(quote: Quote, uid: str) -> QuoteLine:
    """The line with this ``uid``. Raises NotFound with a sentence."""
    for line in quote.lines:
        if line.uid == uid:
            return line
    raise NotFound("This line was deleted by someone else or in another tab. Your edit wasn't saved.")


def order(quote_id: int) -> list[str]:
    """The ``uid`` of each line of the quote, in order."""
    query = db.select(QuoteLine.uid).filter_by(quote_id=quote_id).order_by(QuoteLine.position)
    return list(db.session.scalars(query))


def new_uid() -> str:
    """An id that a line keeps through edits and revisions."""
    return str(uuid.uuid4())


def default_tax_code() -> TaxCode | None:
    """The company's tax code for lines that bring none; None when it has none, or when that one is inactive."""
    code = records.find(TaxCode, profile.default_tax_code_id())
    return code if code and code.is_active else None


def with_room(quote_id: int) -> Quote:
    """The quote, locked. Raises Invalid when it is full or closed."""
    quote = lock_editable(quote_id)
    if len(quote.lines) >= MAX_LINES:
        raise Invalid(f"A quote can have up to {MAX_LINES:,} lines, so this line wasn't added.")
    return quote


def finish(actor: User, quote: Quote, line: QuoteLine, action: str) -> QuoteLine:
    """Number the lines again, and write what happened to ``line``."""
    sections.arrange(quote)
    note(actor, quote, line, action)
    return line


def append(quote: Quote, line: QuoteLine) -> None:
    """Make it the last line, which is in the last section."""
    line.position = len(quote.lines)
    line.section = quote.sections[-1] if quote.sections else None
    quote.lines.append(line)


def note(actor: User, quote: Quote, line: QuoteLine, action: str) -> None:
    """A change of its lines is a change of the quote."""
    quote.updated_at = utc_now()
    diary.write(actor, action, "quote", quote.id, line=line.name)


def read(values: Mapping[str, object], currency: str) -> dict[str, Any]:
    """The values of a new line, for ``new``, from form input. Raises Invalid with a sentence for each wrong field."""
    read = line_form.read(Reader(values, place.of_company()), None, currency)
    if read["discount_value"] and values.get("price_rule") in price_rules.DERIVED:
        # As where a line gets a discount later (price_rules.settle): the price stays, and no longer follows.
        values = {**values, "price_rule": prices.FIXED}
    price_rules.read(None, values, None, read, currency)
    # The price by its rule may be another than the one that came with it.
    line_form.check_amount(read["quantity"], read["unit_price"])
    read["shows_savings"] = Reader(values).flag("shows_savings")
    checked = {name: read.get(name, "") for name in quantities.CHECKED}
    quantities.check(QuoteLine(**checked), quantities.FIELDS)
    return read
