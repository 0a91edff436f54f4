"""The quantity that the customer chooses of a line, and the price that follows it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from webapp.models import QuoteLine
from webapp.services.catalog import price_rules
from webapp.services.core import formatting
from webapp.services.core.place import Place
from webapp.services.quoting.money import limits, prices
from webapp.services.quoting.money.money import rounding
from webapp.services.quoting.revisions.snapshot import FrozenLine, Snapshot


def prices_of(line: QuoteLine, currency: str) -> str:
    """The prices by quantity of a line whose quantity can be chosen, where they lead; empty otherwise.

    A percentage becomes the price that it gives today, with today's rounding; without a price to be taken off, the
    line's price stays.
    """
    if limits.of_line(line) is None:
        return ""
    tiers = prices.tiers_of(line)
    digits, ending = rounding(currency).digits, price_rules.ending_of(line.price_ending)
    exact = []
    for tier in tiers:
        price = prices.tier_price(tiers, tier, ending, digits)
        exact.append(prices.Tier(tier.quantity, line.unit_price if price is None else price))
    return prices.store_tiers(exact)


def price_at(line: QuoteLine | FrozenLine, by_quantity: str, quantity: Decimal) -> Decimal:
    """The price of a line at a quantity that can be chosen. ``by_quantity``: its ``prices_of``."""
    price = prices.price_at(prices.parse_tiers(by_quantity), quantity)
    return line.unit_price if price is None else price


def with_quantity(line: FrozenLine, quantity: Decimal | None) -> FrozenLine:
    """The line with this quantity and its price; as it is where the customer can't choose this one."""
    allowed = limits.of_line(line)
    if quantity is None or allowed is None or not allowed.allows(quantity) or quantity == line.quantity:
        return line
    price = price_at(line, line.quantity_prices, quantity)
    return FrozenLine.model_validate({**dict(line), "quantity": quantity, "unit_price": price})


def chosen(snapshot: Snapshot) -> dict[str, Decimal]:
    """The quantity of each line where the customer can choose it, by its uid."""
    return {line.uid: line.quantity for line in snapshot.lines if limits.of_line(line) is not None}


def differences(before: Snapshot, after: Snapshot) -> Mapping[str, tuple[Decimal, Decimal]]:
    """The quantities of the same lines that differ, before and after, by uid."""
    was = {line.uid: line.quantity for line in before.lines}
    return {
        line.uid: (was[line.uid], line.quantity)
        for line in after.lines
        if line.uid in was and was[line.uid] != line.quantity
    }


def words(allowed: limits.Limits, place: Place) -> str:
    """“5 to 50”, or “5 to 50 in steps of 5”."""
    span = (
        f"{formatting.plain(allowed.least, place)} to {formatting.plain(allowed.below(allowed.most), place)}"
    )
    return span if allowed.step == 1 else f"{span} in steps of {formatting.plain(allowed.step, place)}"
