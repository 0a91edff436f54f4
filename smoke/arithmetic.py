"""What a quote must come to, worked out anew: none of this is taken from the product."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from smoke.wanted import PERIODS, Line, Offer

CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """Rounded to cents, halves up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def net_before(line: Line) -> Decimal:
    """Quantity × price, less the line's own discount."""
    gross = cents(line.quantity * line.price)
    match line.discount_kind:
        case "percent":
            return gross - cents(gross * line.discount / 100)
        case "unit":
            return gross - cents(line.quantity * line.discount)
        case "line":
            return gross - line.discount
    return gross


def net_amounts(offer: Offer) -> list[tuple[Decimal, Decimal]]:
    """For each line what it comes to after the quote's discount, and by how much a fair split may differ (cents).

    A percentage falls on every line but a setup fee. An amount falls on the one-time lines that count, by their worth.
    """
    before = [net_before(line) for line in offer.lines]
    if offer.discount_kind == "percent":
        return [
            (amount - (Decimal(0) if line.is_fee else cents(amount * offer.discount / 100)), Decimal(0))
            for line, amount in zip(offer.lines, before, strict=True)
        ]
    if offer.discount_kind == "none":
        return [(amount, Decimal(0)) for amount in before]
    bears = [line.counts and line.recurrence == "one_time" and not line.is_fee for line in offer.lines]
    worth = sum((amount for amount, yes in zip(before, bears, strict=True) if yes), Decimal(0))
    return [
        (cents(amount - offer.discount * amount / worth), CENT) if yes else (amount, Decimal(0))
        for amount, yes in zip(before, bears, strict=True)
    ]


def revenue(offer: Offer) -> dict[str, Decimal]:
    """What each period must come to without tax: labor is one-time, shipping too, options not chosen are left out."""
    sums = dict.fromkeys(PERIODS, Decimal(0))
    for line in offer.lines:
        if line.counts:
            amount = net_before(line)
            if offer.discount_kind == "percent" and not line.is_fee:
                amount -= cents(amount * offer.discount / 100)
            sums[line.period] += amount
    if offer.discount_kind == "amount":
        sums["one_time"] -= offer.discount
    sums["one_time"] += offer.shipping
    return sums


def cost(offer: Offer) -> dict[str, Decimal]:
    """What each period must cost us."""
    sums = dict.fromkeys(PERIODS, Decimal(0))
    for line in offer.lines:
        if line.counts:
            sums[line.period] += cents(line.quantity * line.cost)
    return sums


def net_in_autotask(item: Mapping[str, Any]) -> Decimal:
    """What a quote item of Autotask comes to, from its own price, quantity and discounts."""
    price = number(item["unitPrice"]) - number(item["unitDiscount"])
    amount = number(item["quantity"]) * price * (1 - number(item["percentageDiscount"]) / 100)
    return cents(amount - number(item["lineDiscount"]))


def number(value: object) -> Decimal:
    """A number of a JSON answer, exactly."""
    return Decimal(str(value or 0))
