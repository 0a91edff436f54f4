"""The bundles among the lines of a draft: their parts, and what a price, a tax or a period of a bundle means."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from webapp.models import Item, QuoteLine, TaxCode, User
from webapp.models.catalog import BUNDLE_PRICES, FIXED, LINE_FIELDS, ONE_TIME, SUM
from webapp.services.catalog import costs, dates, replacing, tax_codes, terms
from webapp.services.catalog.items import MAX_PRICE, MAX_QUANTITY
from webapp.services.company import place
from webapp.services.core import formatting, merge, records
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.core.fields import Reader
from webapp.services.quoting.money import bundles, prices
from webapp.services.quoting.revisions import parts
from webapp.services.quoting.revisions.snapshot import FrozenLine

# The amount of a line before its discount, in its currency.
MAX_AMOUNT = Decimal("999999999.99")
TOO_MUCH = f"Quantity times price can be up to {MAX_AMOUNT:,}. Enter less."
AMOUNTS = ("quantity", "unit_price", "unit_cost")
RULE = ("price_rule", "price_percent", "price_ending", "tiers")
PART = tuple(
    name for name in LINE_FIELDS if name not in ("bundle", "shows_parts", "tax_code_id", *RULE, *terms.ITEM)
)
INSTEAD = "Change the parts in its details, under “Parts and price”."
WHOLE = "This bundle has no parts left. Delete the line instead."


def fill(line: QuoteLine, item: Item, default: TaxCode | None) -> None:
    """Give the line the parts of its item, a bundle, with their amounts of today.

    An inactive part is replaced by its successor, if that can be sold. ``default``: the tax code of parts without one.
    Raises Invalid where the fixed price isn't that of any part.
    """
    made_of = []
    for part in item.parts:
        sold = _sold(part.item)
        code = tax_codes.of_item(sold, default)
        values = {name: getattr(sold, name) for name in PART}
        made_of.append(
            FrozenLine(
                uid=parts.new_uid(),
                item_id=sold.id,
                quantity=part.quantity,
                tax_code_id=code.id if code else None,
                **values,
            )
        )
    label = formatting.period_label(item.recurrence).lower()
    if item.bundle == FIXED and all(part.recurrence != item.recurrence for part in made_of):
        raise Invalid(
            f"“{item.name}” has a fixed price that is {label}, but none of its parts is. Nothing was added. Change the "
            "bundle in the library."
        )
    line.stored_parts = parts.stored(made_of)
    # Another one can come with a row of a spreadsheet.
    line.price_rule, line.price_percent, line.tiers = prices.FIXED, Decimal(0), ""
    settle(line)
    follow(line, ())


def settle(line: QuoteLine) -> None:
    """Set what follows from the parts: the cost, the price as a sum, the tax code in common, whether it has a term."""
    made_of = parts.of_line(line)
    if not made_of:
        return
    if line.bundle == SUM and all(part.recurrence != line.recurrence for part in made_of):
        line.recurrence = made_of[0].recurrence
    line.unit_cost = bundles.sum_of(made_of, line.recurrence, "unit_cost")
    # As old as the oldest.
    days = [part.cost_date for part in made_of if part.unit_cost and part.cost_date]
    line.cost_date = min(days, default=None)
    if line.bundle == SUM:
        line.unit_price = bundles.sum_of(made_of, line.recurrence)
    codes = {part.tax_code_id for part in made_of}
    line.tax_code = records.find(TaxCode, codes.pop()) if len(codes) == 1 else None
    settle_terms(line)


def settle_terms(line: QuoteLine) -> None:
    """Clear what a line can't have that is billed once or made of parts."""
    made_of = parts.of_line(line)
    periods = {line.recurrence, *(part.recurrence for part in made_of)}
    terms.settle(line, recurs=periods != {ONE_TIME}, has_parts=bool(made_of))


def check(line: QuoteLine, changed: Collection[str]) -> None:
    """Raise Invalid, beside the field, where what was ``changed`` of a bundle is up to its parts."""
    if not line.bundle:
        return
    # Short, since the sheet has little room beside a field.
    refused = {
        "recurrence": "Each part has its own.",
        "unit_cost": "The sum of its parts.",
        "unit_price": "The sum of its parts.",
        "setup_fee": "Add the setup to its parts.",
        "renewal_price": "Each part has its own price.",
    }
    if line.bundle == FIXED:
        del refused["unit_price"]
    if parts.is_one(line):
        for name in ("unit_cost", "setup_fee", "renewal_price"):
            del refused[name]
    errors = {name: sentence for name, sentence in refused.items() if name in changed}
    if errors:
        raise Invalid(f"This line isn't saved. {INSTEAD}", errors)


def follow(line: QuoteLine, changed: Collection[str]) -> None:
    """Bring the parts up to what was ``changed`` of their bundle. Raises Invalid where it can't be."""
    if not line.bundle:
        return
    if line.unit_price < 0:
        raise _refused("A bundle can't be a credit. Enter a price of 0 or more.", "unit_price")
    made_of = parts.of_line(line)
    if made_of and "tax_code" in changed:
        code = line.tax_code.id if line.tax_code else None
        line.stored_parts = parts.stored([one.model_copy(update={"tax_code_id": code}) for one in made_of])
    _check_size(line, made_of)


def refuses(line: QuoteLine, what: str) -> str:
    """Why a bundle can't take this of a change of several lines; empty where it can."""
    if not line.bundle:
        return ""
    if what == "billing":
        return "the parts of a bundle have their own billing periods"
    return "its price is the sum of its parts" if what in ("margin", "markup") and line.bundle == SUM else ""


def saving(line: QuoteLine) -> Decimal:
    """How far a fixed price is below the parts with its billing period, each; 0 where it isn't."""
    if line.bundle != FIXED:
        return Decimal(0)
    return max(bundles.sum_of(parts.listed(line), line.recurrence) - line.unit_price, Decimal(0))


def part_sum(line: QuoteLine) -> Decimal:
    """What the parts with the bundle's billing period come to, each."""
    return bundles.sum_of(parts.listed(line), line.recurrence)


def seen(line: QuoteLine) -> str:
    """The ``seen`` (``core.merge``) of the form of the parts."""
    return merge.seen(_stored(line))


def shown(actor: User, line: QuoteLine) -> dict[str, str]:
    """The text of each control of the form of the parts."""
    here = place.of_company()
    controls = {
        "bundle": line.bundle,
        "unit_price": formatting.plain_price(line.unit_price, here),
        "shows_parts": "1" if line.shows_parts else "",
    }
    for part in parts.listed(line):
        for name in costs.shown(actor, AMOUNTS):
            amount = getattr(part, name)
            text = (
                formatting.plain(amount, here) if name == "quantity" else formatting.plain_price(amount, here)
            )
            controls[f"{name}-{part.uid}"] = text
    return controls


def read(actor: User, line: QuoteLine, values: Mapping[str, object], currency: str) -> bool:
    """Set the parts and the price of a bundle from form input. ``do``: “remove” and the uid of a part. True if changed.

    Raises Invalid with sentences, or Conflict where someone else changed the bundle.
    """
    if not line.bundle:
        raise Invalid("This line isn't a bundle anymore. Nothing was saved.")
    if merge.changed(values, _stored(line)):
        raise Conflict(
            "Someone else changed this bundle while you were editing. Nothing was saved. Reload the page to see their "
            "changes, or save again to replace them with yours."
        )
    before, price_before = _stored(line), line.unit_price
    reader = Reader(values, place.of_company())
    removed = reader.text("do", 60).removeprefix("remove ")
    made_of = [
        _read_part(actor, reader, part, currency) for part in parts.listed(line) if part.uid != removed
    ]
    kind = reader.choice("bundle", BUNDLE_PRICES, line.bundle)
    # Autotask says what its service bundle costs.
    kind = FIXED if parts.is_one(line) else kind
    price = line.unit_price
    if kind == FIXED and reader.has("unit_price"):
        price = reader.decimal("unit_price", maximum=MAX_PRICE, currency=currency)
    if not made_of:
        reader.fail("bundle", WHOLE)
    elif kind == FIXED and all(part.recurrence != line.recurrence for part in made_of):
        label = formatting.period_label(line.recurrence).lower()
        reader.fail("bundle", f"The fixed price is {label}, but no part would be. Use the sum of the parts.")
    reader.check("This bundle isn't saved. Fix the highlighted field.")
    line.bundle, line.unit_price, line.shows_parts = kind, price, reader.flag("shows_parts")
    line.stored_parts = parts.stored(made_of)
    settle(line)
    if line.unit_price != price_before:
        line.price_date = place.today()
    _check_size(line, made_of)
    return _stored(line) != before


def _read_part(actor: User, reader: Reader, part: FrozenLine, currency: str) -> FrozenLine:
    read: dict[str, object] = {}
    for name in AMOUNTS:
        control = f"{name}-{part.uid}"
        if not reader.has(control) or (name == costs.FIELD and not costs.may_see(actor)):
            continue
        if name == "quantity":
            read[name] = reader.decimal(control, default=Decimal(1), maximum=MAX_QUANTITY, above_zero=True)
        else:
            read[name] = reader.decimal(control, default=Decimal(0), maximum=MAX_PRICE, currency=currency)
    for name, day in dates.DATED.items():
        if name in read and read[name] != getattr(part, name):
            read[day] = place.today()
    return part.model_copy(update=read)


def _check_size(line: QuoteLine, made_of: Sequence[FrozenLine]) -> None:
    """Raise Invalid where quantity times quantity is more than a line can have."""
    if any(line.quantity * part.quantity > MAX_QUANTITY for part in made_of):
        raise _refused(f"Of a part there can be up to {MAX_QUANTITY:,} in all. Enter less.", "quantity")
    if any(line.quantity * part.quantity * part.unit_price > MAX_AMOUNT for part in made_of):
        raise _refused(TOO_MUCH, "quantity")


def _sold(item: Item) -> Item:
    """The item, or its successor where it can't be sold any more."""
    successor = None if item.is_active else replacing.successor(item)
    can_follow = successor is not None and successor.is_active and not successor.bundle
    return successor if successor is not None and can_follow and successor.unit_price >= 0 else item


def _stored(line: QuoteLine) -> dict[str, object]:
    return {
        "bundle": line.bundle,
        "unit_price": line.unit_price if line.bundle == FIXED else None,
        "shows_parts": line.shows_parts,
        "parts": line.stored_parts,
    }


def _refused(sentence: str, field: str) -> Invalid:
    return Invalid("This line isn't saved. Fix the highlighted field.", {field: sentence})
