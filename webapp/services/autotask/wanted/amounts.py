"""What a quote item comes to by its own fields, as Autotask reckons it. Pure.

Quantity × (price − unit discount), less the percentage, less the line discount, rounded to cents once, at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from webapp.services.quoting.money.money import HUNDRED, ZERO, to_cents


def item_net(item: Mapping[str, Any]) -> Decimal:
    """After its discount, in cents. ``item``: the fields of a quote item, ours or Autotask's."""
    price = _number(item, "unitPrice") - _number(item, "unitDiscount")
    gross = _number(item, "quantity") * price
    return to_cents(
        gross * (1 - _number(item, "percentageDiscount") / HUNDRED) - _number(item, "lineDiscount")
    )


def item_discount(item: Mapping[str, Any]) -> Decimal:
    """What its discount takes away, in cents."""
    return to_cents(_number(item, "quantity") * _number(item, "unitPrice")) - item_net(item)


def discounts(
    gross: Mapping[str, Decimal], kind: str, value: Decimal, *, off: Decimal, own: bool
) -> dict[str, Decimal]:
    """The three discount fields of an item, at most one of them above zero, that take exactly ``off`` (cents) away.

    ``gross``: its quantity and unitPrice. ``own``: the discount is the line's alone, so that its ``kind`` and
    ``value`` are kept where they come to the very cent; otherwise it is an amount of the line.
    """
    none = {"unitDiscount": Decimal(0), "percentageDiscount": Decimal(0), "lineDiscount": Decimal(0)}
    if off == ZERO:
        return none
    as_amount = {"lineDiscount": off}
    # Rounded once, a line of half a cent that is given away comes to minus one cent as an amount, not as 100 %.
    ways = [as_amount, {"percentageDiscount": HUNDRED}]
    names = {"percent": "percentageDiscount", "unit": "unitDiscount"}
    if own and kind in names and (kind == "percent" or value <= gross["unitPrice"]):
        ways.insert(0, {names[kind]: value})
    wanted = to_cents(gross["quantity"] * gross["unitPrice"]) - off
    return none | next((way for way in ways if item_net({**gross, **way}) == wanted), as_amount)


def _number(item: Mapping[str, Any], name: str) -> Decimal:
    return Decimal(str(item.get(name) or 0))
