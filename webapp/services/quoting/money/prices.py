"""Prices that follow a rule: margin or markup on the cost, a price by quantity; their rounding; what is saved.

Pure functions over ``Decimal``. What leads is stored: a typed price stays, a price led by a margin or a markup is
reckoned again when the cost changes, and one led by quantity when the quantity does. Rounding to an ending
(``ended``) is for reckoned prices; a typed price stays as it was typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Protocol

from webapp.services.quoting.money.money import CENTS, HUNDRED, rounded

FIXED, MARGIN, MARKUP, TIERS = RULES = ("fixed", "margin", "markup", "tiers")
# How a reckoned price ends: ``NO_ENDING`` in any cent.
NO_ENDING = "none"
ENDINGS = {NO_ENDING: None, "00": Decimal(0), "95": Decimal("0.95"), "99": Decimal("0.99")}
# A margin of 100% has no price. Less than -999% is a slip.
MIN_MARGIN, MAX_MARGIN = Decimal(-999), Decimal("99.9")
MIN_MARKUP, MAX_MARKUP = Decimal("-99.9"), Decimal(1_000_000)
TENTH = Decimal("0.1")
MAX_TIERS = 20


class Led(Protocol):
    """The fields of a line that say how its price follows the quantity."""

    @property
    def price_rule(self) -> str: ...
    @property
    def tiers(self) -> str: ...


@dataclass(frozen=True)
class Tier:
    """From ``quantity`` on, one unit costs ``price``, or ``percent`` less than the price of the first tier."""

    quantity: Decimal
    price: Decimal | None = None
    percent: Decimal = Decimal(0)


def margin_of(price: Decimal, cost: Decimal) -> Decimal | None:
    """The margin in percent of the price, with one decimal; None without a price or a cost."""
    return ((price - cost) * HUNDRED / price).quantize(TENTH) if price > 0 and cost > 0 else None


def markup_of(price: Decimal, cost: Decimal) -> Decimal | None:
    """The markup in percent of the cost, with one decimal; None without a price or a cost."""
    return ((price - cost) * HUNDRED / cost).quantize(TENTH) if price > 0 and cost > 0 else None


def with_margin(cost: Decimal, percent: Decimal, ending: str = NO_ENDING, digits: int = CENTS) -> Decimal:
    """The price with a margin of ``percent`` (less than 100) on the cost."""
    return ended(cost * HUNDRED / (HUNDRED - percent), ending, digits)


def with_markup(cost: Decimal, percent: Decimal, ending: str = NO_ENDING, digits: int = CENTS) -> Decimal:
    """The price with a markup of ``percent`` on the cost."""
    return ended(cost * (HUNDRED + percent) / HUNDRED, ending, digits)


def ended(price: Decimal, ending: str, digits: int = CENTS) -> Decimal:
    """The price in the decimals of its currency; with an ending, the next price up that ends so.

    A price below 1, and one in a currency without cents, gets no ending: it would be another price.
    """
    fraction = ENDINGS.get(ending)
    plain = rounded(price, digits)
    if fraction is None or plain < 1 or digits < CENTS:
        return plain
    return rounded((plain - fraction).quantize(Decimal(1), ROUND_CEILING) + fraction, digits)


def reckoned(
    rule: str,
    *,
    percent: Decimal,
    cost: Decimal,
    quantity: Decimal,
    tiers: Sequence[Tier],
    ending: str = NO_ENDING,
    digits: int = CENTS,
) -> Decimal | None:
    """The price by its rule; None where it is typed, or where the rule has nothing to reckon with."""
    if rule == MARGIN and cost > 0:
        return with_margin(cost, percent, ending, digits)
    if rule == MARKUP and cost > 0:
        return with_markup(cost, percent, ending, digits)
    return price_at(tiers, quantity, ending, digits) if rule == TIERS else None


def price_at(
    tiers: Sequence[Tier], quantity: Decimal, ending: str = NO_ENDING, digits: int = CENTS
) -> Decimal | None:
    """The price by quantity; None below the first tier, and for a percentage without a price to be taken off."""
    tier = tier_at(tiers, quantity)
    return tier_price(tiers, tier, ending, digits) if tier is not None else None


def tier_at(tiers: Sequence[Tier], quantity: Decimal) -> Tier | None:
    """The tier that ``quantity`` is in; None below the first. ``tiers`` by rising quantity."""
    return next((tier for tier in reversed(tiers) if tier.quantity <= quantity), None)


def tier_after(tiers: Sequence[Tier], quantity: Decimal) -> Tier | None:
    """The next tier above ``quantity``; None in the last."""
    return next((tier for tier in tiers if tier.quantity > quantity), None)


def tier_price(
    tiers: Sequence[Tier], tier: Tier, ending: str = NO_ENDING, digits: int = CENTS
) -> Decimal | None:
    """The price of a tier. A percentage is taken off the first tier's price; None where that has none."""
    if tier.price is not None:
        return tier.price
    base = tiers[0].price if tiers else None
    return None if base is None else ended(base * (HUNDRED - tier.percent) / HUNDRED, ending, digits)


def parse_tiers(stored: str) -> tuple[Tier, ...]:
    """The tiers of their stored form, like ``0=20;10=18.5;50=15%``. Raises ValueError for any other text."""
    tiers = []
    for part in filter(None, stored.split(";")):
        quantity, _, value = part.partition("=")
        try:
            number, amount = Decimal(quantity), Decimal(value.removesuffix("%"))
        except ArithmeticError as error:
            raise ValueError(f"“{part}” is no price by quantity.") from error
        tiers.append(Tier(number, None, amount) if value.endswith("%") else Tier(number, amount))
    return tuple(tiers)


def tiers_of(line: Led) -> tuple[Tier, ...]:
    """The tiers that lead the price of a line; empty where something else does."""
    return parse_tiers(line.tiers) if line.price_rule == TIERS else ()


def store_tiers(tiers: Sequence[Tier]) -> str:
    """The stored form, equal for equal tiers: by rising quantity, without zeros that say nothing."""
    parts = []
    for tier in sorted(tiers, key=lambda one: one.quantity):
        value = f"{_plain(tier.percent)}%" if tier.price is None else _plain(tier.price)
        parts.append(f"{_plain(tier.quantity)}={value}")
    return ";".join(parts)


def _plain(number: Decimal) -> str:
    return format(number.normalize() + 0, "f")


@dataclass(frozen=True)
class Saving:
    """What the customer pays less than the list price for a line: an ``amount``, and in percent with one decimal."""

    amount: Decimal
    percent: Decimal


def saving(list_price: Decimal | None, quantity: Decimal, net: Decimal, digits: int = CENTS) -> Saving | None:
    """What a line of ``net`` saves on its list price; None where it saves nothing."""
    if list_price is None or list_price <= 0:
        return None
    listed = rounded(list_price * quantity, digits)
    off = listed - net
    return Saving(off, (off * HUNDRED / listed).quantize(TENTH)) if off > 0 and listed else None
