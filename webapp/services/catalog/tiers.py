"""Prices by quantity, as a form shows and reads them; how a price follows from them is in ``quoting.money.prices``."""

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


def read(entered: str, here: Place, currency: str) -> str:
    """The stored form of tiers that a person wrote. Raises ValueError with a sentence."""
    tiers: dict[Decimal, Tier] = {}
    for line in filter(None, (part.strip() for part in entered.replace(";", "\n").splitlines())):
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
        if number in tiers:
            raise ValueError(f"The quantity {formatting.plain(number, here)} is there twice.")
        tiers[number] = Tier(number, None, amount) if is_percent else Tier(number, amount)
    if len(tiers) > prices.MAX_TIERS:
        raise ValueError(f"Use up to {prices.MAX_TIERS} quantities.")
    return prices.store_tiers(list(tiers.values()))
