"""How large a discount may be, by the role of the person: one rule for typing it and for publishing it.

What counts for a line is everything that is taken off it, its own discount and its share of the quote's, in percent of
its price.
"""

from __future__ import annotations

from decimal import Decimal

from webapp.models import Quote, User
from webapp.services.accounts import permissions
from webapp.services.company import place
from webapp.services.core import formatting
from webapp.services.core.errors import Invalid
from webapp.services.quoting.draft import worst
from webapp.services.quoting.draft.worst import Worst
from webapp.services.quoting.money.totals import Totals
from webapp.services.quoting.revisions import pricing

# Rounding to the cent must not make 20 % more than 20 %.
CENT = Decimal("0.01")


def of_lines(quote: Quote, totals: Totals | None = None) -> dict[str, Decimal]:
    """The largest discount of each line in percent, whatever the customer chooses, by its uid."""
    can_be = Worst(quote, totals or pricing.of_quote(quote))
    return {uid: discount * 100 / gross for uid, (discount, gross) in _largest(can_be).items()}


def before(actor: User, quote: Quote) -> dict[str, Decimal]:
    """What ``check`` compares with after a change: ``of_lines``, or nothing for those without a limit."""
    return of_lines(quote) if permissions.discount_limit(actor) is not None else {}


def _largest(can_be: Worst) -> dict[str, tuple[Decimal, Decimal]]:
    """The largest discount of each line that has a price, and what it is taken off."""
    found = {}
    for line, every in zip(can_be.quote.lines, can_be.lines, strict=True):
        priced = [(off, gross) for off, gross in (worst.whole(line, one) for one in every) if gross > 0]
        if priced:
            found[line.uid] = max(priced, key=lambda one: one[0] / one[1])
    return found


def check(actor: User, quote: Quote, before: dict[str, Decimal]) -> None:
    """Raise Invalid, beside the discount, when a line's discount grew above the actor's limit since ``before``."""
    limit = permissions.discount_limit(actor)
    if limit is None:
        return
    for uid, percent in _over(Worst(quote, pricing.of_quote(quote)), limit).items():
        if percent > before.get(uid, Decimal(0)):
            name = next(line.name for line in quote.lines if line.uid == uid)
            sentence = (
                f"“{name}” would be {_percent(percent)} off. Your limit is {_percent(limit)}. {_who(percent)}"
            )
            raise Invalid("Nothing was saved. The discount is too large.", {"discount_value": sentence})


def problems(actor: User, can_be: Worst) -> dict[str, str]:
    """A sentence for each line that the actor may not publish, by its uid."""
    limit = permissions.discount_limit(actor)
    if limit is None:
        return {}
    numbers = {line.uid: (number, line.name) for number, line in enumerate(can_be.quote.lines, start=1)}
    return {
        uid: f"Line {numbers[uid][0]} “{numbers[uid][1]}” is {_percent(percent)} off, and your limit is "
        f"{_percent(limit)}. {_who(percent)}"
        for uid, percent in _over(can_be, limit).items()
    }


def _over(can_be: Worst, limit: Decimal) -> dict[str, Decimal]:
    return {
        uid: discount * 100 / gross
        for uid, (discount, gross) in _largest(can_be).items()
        if discount > gross * limit / 100 + CENT
    }


def _percent(value: Decimal) -> str:
    return f"{formatting.plain(value.quantize(Decimal('0.1')), place.of_company())}%"


def _who(percent: Decimal) -> str:
    names = [user.name for user in permissions.who_may_discount(percent)][:3]
    return f"{' or '.join(names)} can publish it." if names else "No one's limit allows it."
