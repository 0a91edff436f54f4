"""How many of a line the customer can choose, as a rep sets it."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from webapp.models import QuoteLine
from webapp.services.catalog.items import MAX_QUANTITY
from webapp.services.company import place
from webapp.services.core import formatting
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader
from webapp.services.quoting.money import limits

FIELDS = ("min_quantity", "max_quantity", "quantity_step")
# What ``check`` looks at.
CHECKED = (*FIELDS, "quantity", "unit_price")


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
        reader.fail("max_quantity", "Enter the least or more.")
    elif values["quantity_step"] is not None and least is None:
        reader.fail("quantity_step", "Enter the least and the most, too.")
    return values


def check(line: QuoteLine, changed: Collection[str]) -> None:
    """Raise Invalid, beside what was ``changed``, where the line has a quantity that the customer couldn't choose."""
    allowed = limits.of_line(line)
    if allowed is None:
        return
    if line.unit_price < 0:
        raise _refused("min_quantity", "The quantity of a credit can't be chosen.")
    if allowed.allows(line.quantity):
        return
    here = place.of_company()
    said, quantity = words(allowed), formatting.plain(line.quantity, here)
    if "quantity" in changed and not set(FIELDS) & set(changed):
        raise _refused("quantity", f"The customer can choose {said}. Change these limits first.")
    raise _refused(
        "min_quantity", f"The line has {quantity}. Set limits that include it, or change it first."
    )


def words(allowed: limits.Limits) -> str:
    """“5 to 50”, or “5 to 50 in steps of 5”."""
    here = place.of_company()
    span = f"{formatting.plain(allowed.least, here)} to {formatting.plain(allowed.most, here)}"
    return (
        span if allowed.step == Decimal(1) else f"{span} in steps of {formatting.plain(allowed.step, here)}"
    )


def _refused(field: str, sentence: str) -> Invalid:
    return Invalid("This line isn't saved. Fix the highlighted field.", {field: sentence})
