"""The term of what recurs, of items and lines: for how long, from when, a setup fee, the price after it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from webapp.models import Item, QuoteLine
from webapp.models.catalog import ONE_TIME
from webapp.services.core.errors import Invalid
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
# Fields that only mean something together.
TOGETHER = ("term_months", "min_term_months", "renewal_price")
# The longest term, in months.
MAX_MONTHS = 120


def read(reader: Reader, currency: str, maximum: Decimal) -> dict[str, Any]:
    """What the form has of it, one by one (``fail``); the errors stay with ``reader``. ``maximum``: of an amount."""
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
    return values


def fail(reader: Reader, values: Mapping[str, Any]) -> None:
    """Leave with ``reader`` what doesn't fit together in the ``values`` of a form, with all of ``TOGETHER``."""
    for name, sentence in _wrong(values).items():
        reader.fail(name, sentence)


def check(record: Item | QuoteLine) -> None:
    """Raise Invalid, beside the fields, where what a settled record has of a term doesn't fit together."""
    wrong = _wrong(together(record))
    if wrong:
        raise Invalid("The term isn't saved. Fix the highlighted fields.", wrong)


def together(record: Item | QuoteLine) -> dict[str, Any]:
    """What a record has of ``TOGETHER``, also a new one without its defaults."""
    had = {name: getattr(record, name) for name in TOGETHER}
    return {name: NONE[name] if value is None else value for name, value in had.items()}


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


def _wrong(values: Mapping[str, Any]) -> dict[str, str]:
    """What doesn't fit together, by field."""
    term, wrong = values["term_months"], {}
    if values["min_term_months"] > term:
        longest = f"the term of {term} months" if term else "the term. Enter a term first"
        wrong["min_term_months"] = f"The minimum can't be longer than {longest}."
    if values["renewal_price"] is not None and not term:
        wrong["renewal_price"] = "This price applies after the term. Enter a term first."
    return wrong


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
