"""What leads the price of an item or a line: read from a form, and followed when cost or quantity change.

Price, margin and markup say the same in three ways: a person types one of them, the others follow, and the typed one is
stored as what leads (``quoting.money.prices``). No rule leads the price of a bundle: a typed margin gives a fixed
price, which stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from webapp.models import Item, QuoteLine, User
from webapp.models.catalog import FIXED as BUNDLE_FIXED
from webapp.models.catalog import SUM
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.catalog import costs, tiers
from webapp.services.company import place, profile
from webapp.services.core import merge, sums
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader
from webapp.services.quoting.money import prices
from webapp.services.quoting.money.money import rounding
from webapp.services.quoting.money.prices import FIXED, MARGIN, MARKUP, TIERS, Tier

# They say the same, so two people can't change them apart. The last one names them all.
GROUP = ("margin", "markup", "price_percent", "price_rule", "unit_price")
# What follows from the price and the cost, and is stored only where it leads.
DERIVED = (MARGIN, MARKUP)
LIMITS = {MARGIN: (prices.MIN_MARGIN, prices.MAX_MARGIN), MARKUP: (prices.MIN_MARKUP, prices.MAX_MARKUP)}
ANY = (Decimal("-Infinity"), Decimal("Infinity"))
MAX_PRICE = tiers.MAX_PRICE
# What a price by a rule is reckoned from.
INPUTS = ("unit_cost", "quantity", "price_rule", "price_percent", "price_ending", "tiers")
# Only a price by quantity follows from these.
BY_QUANTITY = ("quantity", "tiers")
ENDINGS = {"": "Company’s", prices.NO_ENDING: "Any cent", "00": ".00", "95": ".95", "99": ".99"}
CREDIT, NO_COST, DISCOUNTED = "a credit has no margin", "without a cost", "with a discount"
WHY_NOT = {
    CREDIT: "A credit has no margin. Enter its price.",
    NO_COST: "Enter a cost first. The price follows from it.",
    DISCOUNTED: "Remove the discount first, or enter a price. "
    "The margin is a percentage of the price before discounts.",
}
# What a form doesn't show of a bundle, by the way it is priced.
NOT_OF_BUNDLES = {
    BUNDLE_FIXED: ("price_rule", "price_ending", "tiers"),
    SUM: ("price_rule", "price_ending", "tiers", *DERIVED),
}
OF_PARTS = "The price is the sum of its parts."
NO_TIERS = "A bundle has no prices by quantity. Clear them."
TOO_HIGH = f"The price would be more than {MAX_PRICE:,}. Enter a lower cost or percentage."
TOO_MANY = "Enter a price, a margin or a markup. The others follow from it."


def derived(record: Item | QuoteLine) -> dict[str, Decimal | None]:
    """Margin and markup of a price: the one that leads as it was typed, otherwise with one decimal."""
    values = {
        MARGIN: prices.margin_of(record.unit_price, record.unit_cost),
        MARKUP: prices.markup_of(record.unit_price, record.unit_cost),
    }
    if record.price_rule in values and record.unit_cost:
        values[record.price_rule] = record.price_percent
    return values


def value(record: Item | QuoteLine, name: str) -> object:
    """A field of an item or a line, also one that follows."""
    return derived(record)[name] if name in DERIVED else getattr(record, name)


def read(
    actor: User | None,
    form: Mapping[str, object],
    record: Item | QuoteLine | None,
    values: dict[str, Any],
    currency: str,
    rules: Collection[str] = prices.RULES,
) -> None:
    """Add to the ``values`` that were read of ``form`` what leads the price. ``record``: None for a new one.

    The values of people who don't see costs have no margin, markup and percentage. Raises Invalid with a sentence by
    field.
    """
    reader = Reader(form, place.of_company())
    _read_details(reader, values, currency, has_first=TIERS in rules)
    before = {name: value(record, name) if record else None for name in GROUP}
    before["price_rule"], before["price_percent"] = (
        (record.price_rule, record.price_percent) if record else (FIXED, reader_percent(reader))
    )
    typed = [name for name in ("unit_price", *DERIVED) if _is_typed(reader, form, name, values, before)]
    rule = reader.choice("price_rule", rules, str(before["price_rule"]))
    is_chosen = reader.has("price_rule") and merge.is_typed(form, "price_rule", rule, before["price_rule"])
    if is_chosen and rule in DERIVED and actor is not None:
        permissions.require(actor, Permission.SEE_COST)
    found: dict[str, Any] = {name: before[name] for name in GROUP}
    if is_chosen:
        found |= {"price_rule": rule, "price_percent": _percent_of(reader, rule, before, values)}
    elif len(typed) > 1:
        reader.fail(typed[-1], TOO_MANY)
    elif typed and typed[0] in DERIVED:
        found |= {"price_rule": typed[0], "price_percent": _percent(reader, typed[0], before)}
    elif typed:
        found["price_rule"] = FIXED
    if typed or is_chosen or record is None:
        found["unit_price"] = values["unit_price"]
        if found["price_rule"] == TIERS and not values.get("tiers", record.tiers if record else ""):
            reader.fail("price_rule", "There are no prices by quantity here. Choose another.")
        _check(reader, str(found["price_rule"]), values)
        if not reader.errors:
            _complete(found, values, record, currency)
            if found["unit_price"] > MAX_PRICE:
                reader.fail("unit_price", TOO_HIGH)
    found |= _of_bundle(reader, record, str(found["price_rule"]), values)
    reader.check("Nothing was saved. Fix the highlighted field.")
    values |= found
    # Those who don't see costs change no margin, which is stored as it was.
    hidden = costs.HIDDEN if actor is not None and not costs.may_see(actor) else ()
    opened = merge.opened_with(form)
    for name in found:
        if name in hidden or (name in DERIVED and opened and name not in opened):
            del values[name]


def reader_percent(reader: Reader) -> Decimal:
    """The percentage that copied lines bring; ``read`` checks that of a rule that leads."""
    return reader.decimal("price_percent", default=Decimal(0), minimum=prices.MIN_MARGIN, maximum=MAX_PRICE)


def together(form: Mapping[str, object], values: Mapping[str, object]) -> tuple[str, ...]:
    """Those of the ``values`` that the ``form`` changes as one (``core.merge``)."""
    opened = merge.opened_with(form) or set(GROUP)
    return tuple(name for name in GROUP if name in values and name in opened)


def inputs(record: Item | QuoteLine) -> dict[str, object]:
    """What ``follow`` compares."""
    return {name: getattr(record, name, None) for name in INPUTS}


def follow(record: Item | QuoteLine, before: Mapping[str, object], currency: str) -> None:
    """Reckon the price again where something changed that it follows from. ``before``: ``inputs``, empty if new.

    Raises Invalid where the price would be too high.
    """
    now = inputs(record)
    compared = [name for name in INPUTS if record.price_rule == TIERS or name not in BY_QUANTITY]
    is_same = bool(before) and all(now[name] == before[name] for name in compared)
    if record.bundle or record.price_rule == FIXED or is_same:
        return
    found = _price(record.price_rule, now, currency)
    if found is not None and found > MAX_PRICE:
        raise Invalid("Nothing was saved. Fix the highlighted field.", {"unit_price": TOO_HIGH})
    if found is not None:
        record.unit_price = found


def ending_of(own: str) -> str:
    """How a reckoned price ends: as the item or line says, else as the company has it."""
    return own or profile.price_ending()


def _read_details(reader: Reader, values: dict[str, Any], currency: str, *, has_first: bool) -> None:
    if reader.has("price_ending"):
        values["price_ending"] = reader.choice("price_ending", ENDINGS, "")
    if reader.has("tiers"):
        try:
            written = reader.text("tiers", 2000, one_line=False)
            values["tiers"] = tiers.read(written, place.of_company(), currency, has_first=has_first)
        except ValueError as error:
            reader.fail("tiers", str(error))
        if values["unit_price"] < 0 and values.get("tiers"):
            reader.fail("tiers", "A credit has no price by quantity. Clear it.")
    if reader.has("list_price"):
        values["list_price"] = (
            reader.decimal("list_price", maximum=MAX_PRICE, currency=currency)
            if reader.raw("list_price")
            else None
        )
        if values["unit_price"] < 0 and values["list_price"]:
            reader.fail("list_price", "A credit has no list price. Clear it.")


def _is_typed(
    reader: Reader,
    form: Mapping[str, object],
    name: str,
    values: Mapping[str, Any],
    before: Mapping[str, Any],
) -> bool:
    # Without a margin or a markup, they just follow.
    if not reader.has(name) or (not reader.raw(name) and (name in DERIVED or before[name] is None)):
        return False
    # One that follows from price and cost may be outside the limits: they are for the one that leads.
    entered = values["unit_price"] if name == "unit_price" else _percent(reader, name, before, ANY)
    return merge.is_typed(form, name, entered, before[name])


def _percent(
    reader: Reader, name: str, before: Mapping[str, Any], limits: tuple[Decimal, Decimal] | None = None
) -> Decimal:
    """A margin or a markup within its ``limits``; a percent sign may follow it."""
    lowest, highest = limits or LIMITS[name]
    text = reader.raw(name)
    plain = text if sums.is_sum(text) else text.removesuffix("%").strip()
    typed = Reader({name: plain}, place.of_company(), before)
    percent = typed.decimal(name, minimum=lowest, maximum=highest, example="Enter a percentage, like 25.")
    for field, sentence in typed.errors.items():
        reader.fail(field, sentence)
    return percent


def _percent_of(reader: Reader, rule: str, before: Mapping[str, Any], values: Mapping[str, Any]) -> Decimal:
    """The percentage of a rule that was chosen: typed beside it, or the one that the price has now."""
    if rule not in DERIVED:
        return Decimal(before["price_percent"])
    if reader.raw(rule):
        return _percent(reader, rule, before)
    if reader.raw("price_percent"):
        percent = reader_percent(reader)
    else:
        of = prices.margin_of if rule == MARGIN else prices.markup_of
        percent = of(values["unit_price"], values["unit_cost"]) or Decimal(0)
    lowest, highest = LIMITS[rule]
    if not lowest <= percent <= highest:
        reader.fail("price_rule", f"A {rule} that leads is from {lowest:,} to {highest:,} percent.")
    return percent


def _check(reader: Reader, rule: str, values: Mapping[str, Any]) -> None:
    name = rule if rule in DERIVED and reader.has(rule) else "price_rule"
    why = why_not(rule, values["unit_price"], values["unit_cost"], values.get("discount_value") or Decimal(0))
    if why:
        reader.fail(name, WHY_NOT[why])


def _of_bundle(
    reader: Reader, record: Item | QuoteLine | None, rule: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """What leads the price of a bundle: nothing; empty for what is none."""
    if record is None or not record.bundle:
        return {}
    if rule in DERIVED and record.bundle == SUM:
        reader.fail(rule if reader.has(rule) else "price_rule", OF_PARTS)
    if values.get("tiers"):
        reader.fail("tiers", NO_TIERS)
    return {"price_rule": FIXED, "price_percent": Decimal(0)}


def settle(line: QuoteLine) -> None:
    """Let the price stay that a margin or a markup led, where the line has a discount now: they don't go together."""
    if line.price_rule in DERIVED and line.discount_value:
        line.price_rule = FIXED


def why_not(rule: str, price: Decimal, cost: Decimal, discount: Decimal) -> str:
    """Why a margin or a markup can't lead a price; empty when it can."""
    if rule not in DERIVED:
        return ""
    if price < 0:
        return CREDIT
    if not cost:
        return NO_COST
    return DISCOUNTED if discount else ""


def _complete(
    found: dict[str, Any], values: Mapping[str, Any], record: Item | QuoteLine | None, currency: str
) -> None:
    """The price by its rule, and what follows from that."""
    stored = inputs(record) if record else {}
    merged = {**stored, **{name: values[name] for name in INPUTS if name in values}}
    merged |= {name: found[name] for name in ("price_rule", "price_percent")}
    price = _price(found["price_rule"], merged, currency)
    if price is not None:
        found["unit_price"] = price
    found[MARGIN] = prices.margin_of(found["unit_price"], values["unit_cost"])
    found[MARKUP] = prices.markup_of(found["unit_price"], values["unit_cost"])
    if found["price_rule"] in DERIVED:
        found[found["price_rule"]] = found["price_percent"]


def _price(rule: str, of: Mapping[str, Any], currency: str) -> Decimal | None:
    stored: Sequence[Tier] = prices.parse_tiers(of.get("tiers") or "") if rule == TIERS else ()
    return prices.reckoned(
        rule,
        percent=of.get("price_percent") or Decimal(0),
        cost=of.get("unit_cost") or Decimal(0),
        quantity=of.get("quantity") or Decimal(1),
        tiers=stored,
        ending=ending_of(of.get("price_ending") or ""),
        digits=rounding(currency).digits,
    )
