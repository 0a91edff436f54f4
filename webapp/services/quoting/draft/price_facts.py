"""What is known of a line's price, in sentences: its tier and the next, what it saves, how old price and cost are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from webapp.models import QuoteLine
from webapp.services.catalog import dates, price_rules
from webapp.services.company import place, profile
from webapp.services.core import formatting
from webapp.services.core.place import Place
from webapp.services.quoting.money import prices
from webapp.services.quoting.money.money import rounded, rounding
from webapp.services.quoting.money.prices import Tier
from webapp.services.quoting.money.totals import LineTotals


@dataclass(frozen=True)
class Fact:
    """A sentence. ``is_warning``: worth a look."""

    text: str
    is_warning: bool = False


def of_line(line: QuoteLine, amounts: LineTotals, currency: str, *, see_cost: bool) -> list[Fact]:
    """Everything that is known of the price of ``line``. ``see_cost``: the reader may see costs."""
    here, today = place.of_company(), place.today()
    facts = _tiers(line, currency, here)
    saved = saving(line, amounts, currency)
    if saved is not None:
        off = formatting.money(saved.amount, currency, here)
        hidden = "" if line.shows_savings else ", which the customer doesn't see"
        percent = formatting.plain(saved.percent, here)
        facts.append(Fact(f"Saves {off} ({percent}%) on the list price{hidden}."))
    elif line.list_price is not None and line.shows_savings:
        facts.append(Fact("The customer sees no saving, because the price isn't below the list price.", True))
    if line.price_date is not None:
        facts.append(Fact(f"Price from {_dated(line.price_date, today, here)}."))
    if see_cost and (line.unit_cost or line.bundle) and line.cost_date is not None:
        facts.append(
            Fact(f"Cost from {_dated(line.cost_date, today, here)}.", has_old_cost(line, oldest(today)))
        )
    return facts


def oldest(today: date) -> date:
    """The day before which a cost is older than the company allows."""
    return today - timedelta(days=profile.old_cost_days())


def has_old_cost(line: QuoteLine, oldest: date) -> bool:
    """True where the cost of the line is known to be from before that day (``oldest``)."""
    return bool(line.unit_cost or line.bundle) and line.cost_date is not None and line.cost_date < oldest


def saving(line: QuoteLine, amounts: LineTotals, currency: str) -> prices.Saving | None:
    """What the line saves on its list price; None where it saves nothing."""
    return prices.saving(line.list_price, line.quantity, amounts.net, rounding(currency).digits)


def _dated(day: date, today: date, here: Place) -> str:
    return f"{formatting.day(day, here)}, {dates.age(day, today)}"


def _tiers(line: QuoteLine, currency: str, here: Place) -> list[Fact]:
    tiers = prices.parse_tiers(line.tiers)
    if not tiers:
        return []
    facts = []
    now, after = prices.tier_at(tiers, line.quantity), prices.tier_after(tiers, line.quantity)
    if now is not None:
        price, _ = _price(line, tiers, now, currency, here)
        start = f"from {formatting.plain(now.quantity, here)}" if now.quantity else "below the first quantity"
        led = "" if line.price_rule == prices.TIERS else " The typed price leads instead."
        facts.append(Fact(f"Price by quantity, {start}: {price} each.{led}"))
    if after is not None:
        price, total = _price(line, tiers, after, currency, here)
        facts.append(Fact(f"From {formatting.plain(after.quantity, here)}: {price} each, {total} in all."))
    return facts


def _price(
    line: QuoteLine, tiers: tuple[Tier, ...], tier: Tier, currency: str, here: Place
) -> tuple[str, str]:
    digits = rounding(currency).digits
    ending = price_rules.ending_of(line.price_ending)
    price = prices.tier_price(tiers, tier, ending, digits) or Decimal(0)
    total = rounded(price * tier.quantity, digits)
    return formatting.unit_money(price, currency, here), formatting.money(total, currency, here)
