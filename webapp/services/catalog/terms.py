"""The term of what recurs, of items and lines: for how long, from when, a setup fee, the price after it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from webapp.models import Item, QuoteLine
from webapp.models.catalog import ONE_TIME
from webapp.services.core.fields import Reader
from webapp.services.core.numbers import parse_decimal

ITEM = ("term_months", "min_term_months", "setup_fee", "renewal_price")
LINE = (*ITEM, "starts_on")
NONE: dict[str, Any] = {
    "term_months": 0,
    "min_term_months": 0,
    "setup_fee": Decimal(0),
    "renewal_price": None,
    "starts_on": None,
}
# The longest term, in months.
MAX_MONTHS = 120


def read(reader: Reader, currency: str, maximum: Decimal) -> dict[str, Any]:
    """What the form has of it; the errors stay with ``reader``. ``maximum``: of an amount."""
    values: dict[str, Any] = {name: _months(reader, name) for name in ITEM[:2] if reader.has(name)}
    if reader.has("setup_fee"):
        values["setup_fee"] = reader.decimal(
            "setup_fee", default=Decimal(0), maximum=maximum, currency=currency
        )
    if reader.has("renewal_price"):
        values["renewal_price"] = (
            reader.decimal("renewal_price", maximum=maximum, currency=currency)
            if reader.raw("renewal_price")
            else None
        )
    if reader.has("starts_on"):
        values["starts_on"] = reader.day("starts_on")
    term = values.get("term_months", 0)
    if values.get("min_term_months", 0) > term:
        longest = f"the term of {term} months" if term else "the term. Enter a term first"
        reader.fail("min_term_months", f"The minimum can't be longer than {longest}.")
    if values.get("renewal_price") is not None and not term:
        reader.fail("renewal_price", "This price applies after the term. Enter a term first.")
    return values


def settle(record: Item | QuoteLine, *, recurs: bool, has_parts: bool) -> None:
    """Clear what the record can't have: without billing periods no term, with parts no amounts of its own."""
    names = LINE if not recurs else ("setup_fee", "renewal_price") if has_parts else ()
    for name in names:
        if hasattr(type(record), name):
            setattr(record, name, NONE[name])


def of_item(item: Item) -> None:
    """``settle`` of an item, after it or its parts changed."""
    recurs = any(one.recurrence != ONE_TIME for one in (item, *(part.item for part in item.parts)))
    settle(item, recurs=recurs, has_parts=bool(item.bundle) and item.origin_entity != "ServiceBundles")


def _months(reader: Reader, name: str) -> int:
    text = reader.raw(name)
    if not text:
        return 0
    try:
        number = parse_decimal(text)
    except ValueError:
        number = Decimal("0.5")
    if number % 1 or not 0 <= number <= MAX_MONTHS:
        reader.fail(name, f"Enter whole months, from 0 to {MAX_MONTHS}.")
        return 0
    return int(number)
