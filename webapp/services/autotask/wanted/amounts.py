"""Compute a quote item's amount from its fields, the way Autotask does. Pure.

Quantity × (price − unit discount), less the percentage, less the line discount, rounded to cents once, at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from webapp.services.quoting.money.money import HUNDRED, ZERO, to_cents


def item_net(item: Mapping[str, Any]) -> Decimal:
    """The net amount after the discount, in cents. ``item``: the fields of a quote item, ours or Autotask's."""
    price = _number(item, "unitPrice") - _number(item, "unitDiscount")
    gross = _number(item, "quantity") * price
    return to_cents(
        gross * (1 - _number(item, "percentageDiscount") / HUNDRED) - _number(item, "lineDiscount")
    )


def item_discount(item: Mapping[str, Any]) -> Decimal:
    """The amount of the discount, in cents."""
    return to_cents(_number(item, "quantity") * _number(item, "unitPrice")) - item_net(item)


def discounts(
    gross: Mapping[str, Decimal], kind: str, value: Decimal, *, off: Decimal, own: bool
) -> dict[str, Decimal]:
    """The three discount fields of an item, at most one of them above zero, that discount exactly ``off`` (cents).

    ``gross``: its quantity and unitPrice. ``own``: the line carries no share of the quote's discount, so its ``kind``
    and ``value`` are used where they give the exact cent; otherwise the discount is an amount of the line.
    """
    none = {"unitDiscount": Decimal(0), "percentageDiscount": Decimal(0), "lineDiscount": Decimal(0)}
    if off == ZERO:
        return none
    as_amount = {"lineDiscount": off}
    # Half a cent, given away: as an amount it rounds to minus one cent, as 100 % to zero.
    candidates = [as_amount, {"percentageDiscount": HUNDRED}]
    names = {"percent": "percentageDiscount", "unit": "unitDiscount"}
    if own and kind in names and (kind == "percent" or value <= gross["unitPrice"]):
        candidates.insert(0, {names[kind]: value})
    wanted = to_cents(gross["quantity"] * gross["unitPrice"]) - off
    return none | next(
        (fields for fields in candidates if item_net({**gross, **fields}) == wanted), as_amount
    )


def _number(item: Mapping[str, Any], name: str) -> Decimal:
    return Decimal(str(item.get(name) or 0))
