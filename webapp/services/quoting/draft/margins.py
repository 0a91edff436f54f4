"""The company's minimum margin: a warning for those who may go below it, a stop at publishing for all others.

What counts for a line is what is left after all discounts, in percent of what the customer pays for it; for a bundle,
in each billing period of its parts.
"""

from __future__ import annotations

from decimal import Decimal

from webapp.models import Quote, User
from webapp.services.accounts import permissions
from webapp.services.catalog import costs
from webapp.services.company import place
from webapp.services.core import formatting
from webapp.services.quoting.money import prices
from webapp.services.quoting.money.money import HUNDRED
from webapp.services.quoting.money.totals import LineTotals, Totals


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
    """A sentence for each line that the actor may not publish, by its uid."""
    if permissions.may_go_below_margin(actor):
        return {}
    names = [user.name for user in permissions.who_may_go_below_margin()][:3]
    who = f"{' or '.join(names)} can publish it." if names else "No one may publish it."
    return {uid: f"{sentence} {who}" for uid, sentence in _low(actor, quote, totals).items()}


def checks(viewer: User | None, quote: Quote, totals: Totals) -> dict[str, str]:
    """A sentence for each line below the minimum, for those who may publish it, by its uid."""
    if viewer is not None and not permissions.may_go_below_margin(viewer):
        return {}
    return _low(viewer, quote, totals)


def _low(viewer: User | None, quote: Quote, totals: Totals) -> dict[str, str]:
    minimum = permissions.minimum_margin()
    found = {}
    for number, (line, amounts) in enumerate(zip(quote.lines, totals.lines, strict=True), start=1):
        low = [(name, one) for name, one in amounts.by_period(line.recurrence) if _is_low(one, minimum)]
        if low:
            period = formatting.period_label(low[0][0]).lower() if amounts.others else ""
            found[line.uid] = f"Line {number} “{line.name}” {_sentence(viewer, low[0][1], minimum, period)}"
    return found


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
