"""How people read money, quantities and times, on pages and in documents alike."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

LOCALE = "en_US"
PERIOD_LABELS = {
    "one_time": "One-time",
    "monthly": "Monthly",
    "quarterly": "Quarterly",
    "semi_annual": "Semi-annual",
    "annual": "Annual",
}
PERIOD_SUFFIXES = {
    "one_time": "",
    "monthly": "per month",
    "quarterly": "per quarter",
    "semi_annual": "per half-year",
    "annual": "per year",
}


def money(amount: Decimal | None, currency: str = "USD") -> str:
    """“$1,234.50”; a dash for None."""
    return "–" if amount is None else format_currency(amount, currency, locale=LOCALE)


def unit_money(amount: Decimal | None, currency: str = "USD") -> str:
    """Like ``money``, with the 3rd and 4th decimal where they are not zero."""
    if amount is None:
        return "–"
    pattern = "¤#,##0.00##"
    return format_currency(amount, currency, format=pattern, locale=LOCALE, currency_digits=False)


def quantity(value: Decimal) -> str:
    """A quantity without needless zeros."""
    return format_decimal(value, format="#,##0.####", locale=LOCALE)


def day(value: date | datetime | None) -> str:
    """“Nov 3, 2026”; a dash for None."""
    return "–" if value is None else format_date(value, "medium", locale=LOCALE)


def moment(value: datetime | None) -> str:
    """“Nov 3, 2026, 2:05 PM UTC”; a dash for None."""
    return "–" if value is None else f"{format_datetime(value, 'MMM d, y, h:mm a', locale=LOCALE)} UTC"


def plain(value: Decimal | None) -> str:
    """A number for an input field: no grouping, no needless zeros, no exponent."""
    if value is None:
        return ""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain_price(value: Decimal | None) -> str:
    """A price for an input field: like ``plain``, with at least two decimals."""
    text = plain(value)
    whole, point, decimals = text.partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}" if point or text else ""


def period_label(recurrence: str) -> str:
    """“Monthly” for ``monthly``."""
    return PERIOD_LABELS.get(recurrence, recurrence)


def period_suffix(recurrence: str) -> str:
    """“per month” for ``monthly``; nothing for one-time."""
    return PERIOD_SUFFIXES.get(recurrence, "")


FILTERS = (money, unit_money, quantity, day, moment, plain, plain_price, period_label, period_suffix)
