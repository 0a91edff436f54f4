"""The company's minimum margin: a warning for those who may go below it, a stop at publishing for all others.

What counts for a line is what is left after all discounts, in percent of what the customer pays for it; for a bundle,
in each billing period of its parts.
"""

from __future__ import annotations

from decimal import Decimal

from webapp.models import Item, Quote, User, db
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.catalog import costs
from webapp.services.company import place
from webapp.services.core import formatting
from webapp.services.quoting.draft import worst
from webapp.services.quoting.money import prices
from webapp.services.quoting.money.money import HUNDRED
from webapp.services.quoting.money.totals import LineTotals, Totals

# The place of a sentence about several lines (readiness.Problem).
LINES = "lines"


def is_low(amounts: LineTotals, minimum: Decimal | None) -> bool:
    """True for a line with a cost whose margin is below the minimum, of a bundle in one of its billing periods."""
    return any(_is_low(one, minimum) for one in (amounts, *(other for _, other in amounts.others)))


def _is_low(amounts: LineTotals, minimum: Decimal | None) -> bool:
    """As exactly as the sentence says both."""
    if minimum is None or amounts.cost <= 0:
        return False
    return amounts.net <= 0 or _margin(amounts) < minimum.quantize(prices.TENTH)


def _margin(amounts: LineTotals) -> Decimal:
    return ((amounts.net - amounts.cost) * HUNDRED / amounts.net).quantize(prices.TENTH)


def problems(actor: User, quote: Quote, totals: Totals) -> dict[str, str]:
    """A sentence for each line that the actor may not publish, by its uid; for all lines with credits by “lines”.

    A line without the cost that its item has is one of them: without it, nothing would be below.
    """
    if permissions.may_go_below_margin(actor):
        return {}
    names = [user.name for user in permissions.who_may_go_below_margin()][:3]
    who = f"{' or '.join(names)} can publish it." if names else "No one may publish it."
    low = {**_low(actor, quote, totals), **_without_cost(quote), **_with_credits(actor, quote, totals)}
    return {place: f"{sentence} {who}" for place, sentence in low.items()}


def checks(viewer: User | None, quote: Quote, totals: Totals) -> dict[str, str]:
    """A sentence for each line below the minimum, for those who may publish it, by its uid.

    Those who sell and don't see costs read that there are some, without their names; others don't.
    """
    if viewer is not None and not permissions.may_go_below_margin(viewer):
        return {}
    is_seen = costs.may_see(viewer)
    if viewer is not None and not is_seen and not permissions.may(viewer, Permission.SELL):
        return {}
    low = {**_low(viewer, quote, totals), **_with_credits(viewer, quote, totals)}
    return low if is_seen or not low else {LINES: "The quote is below the minimum margin."}


def _low(viewer: User | None, quote: Quote, totals: Totals) -> dict[str, str]:
    minimum = permissions.minimum_margin()
    found = {}
    largest = worst.lines_of(quote, totals)
    for number, (line, amounts) in enumerate(zip(quote.lines, largest, strict=True), start=1):
        low = [(name, one) for name, one in amounts.by_period(line.recurrence) if _is_low(one, minimum)]
        if low:
            period = formatting.period_label(low[0][0]).lower() if amounts.others else ""
            found[line.uid] = f"Line {number} “{line.name}” {_sentence(viewer, low[0][1], minimum, period)}"
            if not is_low(totals.lines[number - 1], minimum):
                found[line.uid] += " That depends on the options that the customer selects."
    return found


def _without_cost(quote: Quote) -> dict[str, str]:
    wanted = {line.item_id for line in quote.lines if line.item_id and not line.unit_cost}
    if not wanted:
        return {}
    query = db.select(Item.id).where(Item.id.in_(wanted), Item.unit_cost > 0)
    costly = set(db.session.scalars(query))
    return {
        line.uid: f"Line {number} “{line.name}” is below the minimum margin: its item has a cost, and it has none."
        for number, line in enumerate(quote.lines, start=1)
        if line.item_id in costly and not line.unit_cost and line.unit_price >= 0
    }


def _with_credits(viewer: User | None, quote: Quote, totals: Totals) -> dict[str, str]:
    """A sentence where what a period comes to is below the minimum with its credits. Only one-time ones are there."""
    minimum = permissions.minimum_margin()
    credited = [line.recurrence for line in quote.lines if line.unit_price < 0 and line.counts]
    for name, period in totals.periods.items():
        if minimum is None or name not in credited or period.cost <= 0:
            continue
        if period.net <= 0 or (period.margin_percent or Decimal(0)) < minimum.quantize(prices.TENTH):
            label = formatting.period_label(name)
            if not costs.may_see(viewer) or period.net <= 0:
                return {LINES: f"{label} lines are below the minimum margin with the credits."}
            margin = _percent(period.margin_percent)
            sentence = f"{label} lines with the credits have a margin of {margin}."
            return {LINES: f"{sentence} The minimum is {_percent(minimum)}."}
    return {}


def _sentence(viewer: User | None, amounts: LineTotals, minimum: Decimal | None, period: str) -> str:
    """``period``: of a bundle that is billed in several."""
    where = f", {period}" if period else ""
    if not costs.may_see(viewer):
        return f"is below the minimum margin{where}."
    if amounts.net <= 0:
        return f"has a cost and no price left{where}. The minimum margin is {_percent(minimum)}."
    return f"has a margin of {_percent(_margin(amounts))}{where}. The minimum is {_percent(minimum)}."


def _percent(value: Decimal | None) -> str:
    return f"{formatting.plain((value or Decimal(0)).quantize(prices.TENTH), place.of_company())}%"
