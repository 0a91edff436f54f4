"""The company's minimum margin: a warning for those who may go below it, a stop at publishing for all others.

What counts for a line is what is left after all discounts, in percent of what the customer pays for it; for a bundle,
in each billing period of its parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from webapp.models import Item, Quote, QuoteLine, User, db
from webapp.models.catalog import ONE_TIME
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.catalog import costs, price_rules
from webapp.services.company import place
from webapp.services.core import formatting
from webapp.services.quoting.draft import worst
from webapp.services.quoting.draft.worst import Worst
from webapp.services.quoting.money import prices
from webapp.services.quoting.money.money import HUNDRED, ZERO, rounded, rounding
from webapp.services.quoting.money.totals import LineTotals, PeriodTotals, Totals

# The place of a sentence about several lines (readiness.Problem).
LINES = "lines"
DEPENDS = " That depends on the options that the customer selects."


def is_low(line: QuoteLine, amounts: LineTotals, minimum: Decimal | None, currency: str) -> bool:
    """True for a line with a cost whose margin is below the minimum, of a bundle in one of its billing periods."""
    return _lowest(line, [amounts], minimum, currency) is not None


def _lowest(
    line: QuoteLine, can_be: Sequence[LineTotals], minimum: Decimal | None, currency: str
) -> tuple[str, LineTotals] | None:
    """The billing period and the amounts with the lowest margin, if that is below the minimum."""
    low = [
        (name, one)
        for amounts in can_be
        for name, one in amounts.by_period(line.recurrence)
        if _is_low(line, one, minimum, currency)
    ]
    return min(low, key=lambda one: _margin(one[1])) if low else None


def _is_low(line: QuoteLine, amounts: LineTotals, minimum: Decimal | None, currency: str) -> bool:
    """As exactly as the sentence says both, but for a price that a rule gave with the minimum."""
    if minimum is None or not _is_below(amounts, minimum):
        return False
    return amounts.net <= 0 or bool(amounts.discount) or not _is_given(line, minimum, currency)


def _is_below(amounts: LineTotals, minimum: Decimal) -> bool:
    return amounts.cost > 0 and _margin(amounts) < minimum.quantize(prices.TENTH)


def _is_given(line: QuoteLine, minimum: Decimal, currency: str) -> bool:
    """True where a margin or a markup that gives the minimum leads the price, which may be rounded down."""
    if line.price_rule not in price_rules.DERIVED:
        return False
    percent = line.price_percent
    margin = percent if line.price_rule == prices.MARGIN else percent * HUNDRED / (HUNDRED + percent)
    digits, cost = rounding(currency).digits, line.unit_cost
    given = prices.reckoned(
        line.price_rule, percent=percent, cost=cost, quantity=line.quantity, tiers=(), digits=digits
    )
    return margin >= minimum and given is not None and line.unit_price >= given


def _margin(amounts: LineTotals) -> Decimal:
    if amounts.net <= 0:
        return Decimal("-Infinity")
    return ((amounts.net - amounts.cost) * HUNDRED / amounts.net).quantize(prices.TENTH)


def problems(actor: User, can_be: Worst) -> dict[str, str]:
    """A sentence for each line that the actor may not publish, by its uid; for all lines with credits by “lines”.

    A line without the cost that its item has is one of them: without it, nothing would be below.
    """
    if permissions.may_go_below_margin(actor):
        return {}
    names = [user.name for user in permissions.who_may_go_below_margin()][:3]
    who = f"{' or '.join(names)} can publish it." if names else "No one may publish it."
    low = {**_low(actor, can_be), **_without_cost(actor, can_be.quote), **_with_credits(actor, can_be)}
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
    can_be = worst.Worst(quote, totals)
    low = {**_low(viewer, can_be), **_with_credits(viewer, can_be)}
    return low if is_seen or not low else {LINES: "The quote is below the minimum margin."}


def _low(viewer: User | None, can_be: Worst) -> dict[str, str]:
    minimum, currency = permissions.minimum_margin(), can_be.quote.currency
    if minimum is None:
        return {}
    found = {}
    for number, (line, every) in enumerate(zip(can_be.quote.lines, can_be.lines, strict=True), start=1):
        low = _lowest(line, every, minimum, currency)
        if low is not None:
            period = formatting.period_label(low[0]).lower() if every[0].others else ""
            found[line.uid] = f"Line {number} “{line.name}” {_sentence(viewer, low[1], minimum, period)}"
            if not is_low(line, every[0], minimum, currency):
                found[line.uid] += DEPENDS
            continue
        renewed = _renewed(line, currency)
        if renewed is not None and _is_below(renewed, minimum):
            sentence = _sentence(viewer, renewed, minimum, "after the term")
            found[line.uid] = f"Line {number} “{line.name}” {sentence}"
    return found


def _renewed(line: QuoteLine, currency: str) -> LineTotals | None:
    """The amounts of a line after its term, where no discount is taken off; None where its price stays."""
    if line.renewal_price is None:
        return None
    digits = rounding(currency).digits
    gross = rounded(line.quantity * line.renewal_price, digits)
    cost = rounded(line.quantity * line.unit_cost, digits)
    return LineTotals(gross, ZERO, ZERO, net=gross, tax=ZERO, cost=cost, counts=line.counts)


def _without_cost(viewer: User, quote: Quote) -> dict[str, str]:
    wanted = {line.item_id for line in quote.lines if line.item_id and not line.unit_cost}
    if not wanted:
        return {}
    query = db.select(Item.id).where(Item.id.in_(wanted), Item.unit_cost > 0)
    costly = set(db.session.scalars(query))
    why = ": its item has a cost, and it has none." if costs.may_see(viewer) else "."
    return {
        line.uid: f"Line {number} “{line.name}” is below the minimum margin{why}"
        for number, line in enumerate(quote.lines, start=1)
        if line.item_id in costly and not line.unit_cost and line.unit_price >= 0
    }


def _with_credits(viewer: User | None, can_be: Worst) -> dict[str, str]:
    """A sentence where the total of a period can be below the minimum with its credits, which are all one-time."""
    minimum = permissions.minimum_margin()
    if minimum is None or all(line.unit_price >= 0 for line in can_be.quote.lines):
        return {}
    chosen = can_be.totals.periods[ONE_TIME]
    period = chosen if _is_low_sum(chosen, minimum) else can_be.period(ONE_TIME, minimum)
    if not _is_low_sum(period, minimum):
        return {}
    depends = "" if period is chosen else DEPENDS
    label = formatting.period_label(ONE_TIME)
    if not costs.may_see(viewer) or period.net <= 0:
        return {LINES: f"{label} lines are below the minimum margin with the credits.{depends}"}
    sentence = f"{label} lines with the credits have a margin of {_percent(period.margin_percent)}."
    return {LINES: f"{sentence} The minimum is {_percent(minimum)}.{depends}"}


def _is_low_sum(period: PeriodTotals, minimum: Decimal) -> bool:
    if period.cost <= 0:
        return False
    return period.net <= 0 or (period.margin_percent or Decimal(0)) < minimum.quantize(prices.TENTH)


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
