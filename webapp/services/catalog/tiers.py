"""Prices by quantity of items and lines, as people write and read them."""

from __future__ import annotations

from decimal import Decimal

from webapp.models import Item
from webapp.services.core import formatting, numbers
from webapp.services.core.place import Place
from webapp.services.quoting.money import prices
from webapp.services.quoting.money.prices import Tier

MAX_PRICE = Decimal(100_000_000)


def of_line(item: Item) -> str:
    """The tiers that a line takes from its item: the item's price is the first."""
    tiers = prices.parse_tiers(item.tiers)
    return prices.store_tiers((Tier(Decimal(0), item.unit_price), *tiers)) if tiers else ""


def text(stored: str, here: Place) -> str:
    """The tiers as a form shows them, one by line: “10: 18.50”, “50: 15%”."""
    return "\n".join(
        f"{formatting.plain(tier.quantity, here)}: "
        + (
            f"{formatting.plain(tier.percent, here)}%"
            if tier.price is None
            else formatting.plain_price(tier.price, here)
        )
        for tier in prices.parse_tiers(stored)
    )


def read(written: str, here: Place, currency: str, *, has_first: bool) -> str:
    """The stored form of tiers that a person wrote. Raises ValueError with a sentence.

    ``has_first``: a line's tiers have the item's price as the first, from 0; an item's own begin above that.
    """
    found: dict[Decimal, Tier] = {}
    for line in filter(None, (part.strip() for part in written.replace(";", "\n").splitlines())):
        quantity, colon, price = line.partition(":") if ":" in line else line.partition("=")
        if not colon:
            raise ValueError(f"“{line[:40]}” needs a quantity and a price, for example “10: 18.50”.")
        try:
            number = numbers.parse_decimal(quantity.strip(), here)
            amount = numbers.parse_decimal(price.strip().removesuffix("%"), here, currency)
        except ValueError as error:
            raise ValueError(f"“{line[:40]}”: {error}") from error
        is_percent = price.strip().endswith("%")
        if number < 0 or amount < 0 or amount > (100 if is_percent else MAX_PRICE):
            raise ValueError(f"“{line[:40]}” is out of range.")
        if not number and not has_first:
            raise ValueError(f"“{line[:40]}” needs a quantity above 0. Below the first one, the price leads.")
        if number in found:
            raise ValueError(f"The quantity {formatting.plain(number, here)} is there twice.")
        found[number] = Tier(number, None, amount) if is_percent else Tier(number, amount)
    if len(found) - (0 in found) > prices.MAX_TIERS:
        raise ValueError(f"Use up to {prices.MAX_TIERS} quantities.")
    return prices.store_tiers(list(found.values()))
