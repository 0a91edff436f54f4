"""How many of a line the customer can choose, as a rep sets it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from webapp.models import QuoteLine
from webapp.services.catalog.items import MAX_QUANTITY
from webapp.services.company import place
from webapp.services.core import formatting
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader
from webapp.services.quoting.draft.bundles import MAX_AMOUNT, TOO_MUCH
from webapp.services.quoting.money import limits, prices
from webapp.services.quoting.revisions import quantities as chosen_quantities

FIELDS = ("min_quantity", "max_quantity", "quantity_step")
# What ``check`` looks at.
CHECKED = (*FIELDS, "quantity", "unit_price", "price_rule", "tiers")


def read(reader: Reader) -> dict[str, Any]:
    """What the form has of it; the errors stay with ``reader``."""
    values: dict[str, Any] = {
        name: reader.decimal(name, maximum=MAX_QUANTITY, above_zero=True) if reader.raw(name) else None
        for name in FIELDS
    }
    least, most = values["min_quantity"], values["max_quantity"]
    if (least is None) != (most is None):
        missing = "min_quantity" if least is None else "max_quantity"
        reader.fail(missing, "Enter both, or neither.")
    elif least is not None and most is not None and least > most:
        reader.fail("max_quantity", "Enter at least the minimum.")
    elif values["quantity_step"] is not None and least is None:
        reader.fail("quantity_step", "Enter a minimum and a maximum too.")
    return values


@dataclass(frozen=True)
class Wrong:
    """Why a line can't have its limits. ``limit``: the field of them to say it beside; ``others``: where that isn't in
    the form, of which the first that changed counts.
    """

    sentence: str
    limit: str = "min_quantity"
    others: tuple[str, ...] = ()


def wrong(line: QuoteLine) -> Wrong | None:
    """What is wrong with the limits of a line, of which the customer can choose each quantity; None for nothing."""
    allowed = limits.of_line(line)
    if allowed is None:
        return None
    here = place.of_company()
    if line.unit_price < 0:
        return Wrong("The quantity of a credit can't be chosen.", others=("unit_price",))
    if not allowed.allows(line.quantity):
        has = formatting.plain(line.quantity, here)
        return Wrong(f"The line has {has}. Set limits that include it, or change it first.")
    tiers = prices.tiers_of(line)
    for quantity in allowed.ends(tiers):
        price = prices.price_at(tiers, quantity) if tiers else line.unit_price
        if price is None:
            said = f"There is no price by quantity for {formatting.plain(quantity, here)}. Start them with a price"
            others = ("tiers", "price_rule", "quantity")
            return Wrong(f"{said} from 0, like “0: 20”, or set other limits.", others=others)
        if quantity * price > MAX_AMOUNT:
            return Wrong(TOO_MUCH, "max_quantity", ("unit_price", "tiers", "price_rule", "unit_cost"))
    return None


def check(line: QuoteLine, changed: Collection[str]) -> None:
    """Raise Invalid, beside what was ``changed``, where something is ``wrong`` with the limits of a line."""
    found = wrong(line)
    if found is None:
        return
    has_limits = bool(set(FIELDS) & set(changed))
    allowed = limits.of_line(line)
    if allowed and "quantity" in changed and not has_limits and not allowed.allows(line.quantity):
        span = chosen_quantities.words(allowed, place.of_company())
        raise _refused("quantity", f"The customer can choose {span}. Change these limits first.")
    others = () if has_limits else found.others
    raise _refused(next((name for name in others if name in changed), found.limit), found.sentence)


def _refused(field: str, sentence: str) -> Invalid:
    return Invalid("This line isn't saved. Fix the highlighted field.", {field: sentence})
