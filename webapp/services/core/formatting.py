"""Format money, quantities, dates and counts for pages and PDFs."""

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
    "semi_annual": "Every 6 months",
    "annual": "Annual",
}
PERIOD_SUFFIXES = {
    "one_time": "",
    "monthly": "per month",
    "quarterly": "per quarter",
    "semi_annual": "every 6 months",
    "annual": "per year",
}


def money(amount: Decimal | None, currency: str = "USD") -> str:
    """“$1,234.50”; a dash for None."""
    return "–" if amount is None else format_currency(amount, currency, locale=LOCALE)


def unit_money(amount: Decimal | None, currency: str = "USD") -> str:
    """Like ``money``, with the 3rd and 4th decimals unless they are zero."""
    if amount is None:
        return "–"
    pattern = "¤#,##0.00##"
    return format_currency(amount, currency, format=pattern, locale=LOCALE, currency_digits=False)


def quantity(value: Decimal) -> str:
    """A quantity without trailing zeros."""
    return format_decimal(value, format="#,##0.####", locale=LOCALE)


def day(value: date | datetime | None) -> str:
    """“Nov 3, 2026”; a dash for None."""
    return "–" if value is None else format_date(value, "medium", locale=LOCALE)


def moment(value: datetime | None) -> str:
    """“Nov 3, 2026, 2:05 PM UTC”; a dash for None."""
    return "–" if value is None else f"{format_datetime(value, 'MMM d, y, h:mm a', locale=LOCALE)} UTC"


def plain(value: Decimal | None) -> str:
    """A number for an input field: no grouping, no trailing zeros, no exponent."""
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


def plural(count: int, one: str, many: str = "") -> str:
    """“1 line”, “3 lines”. ``many``: the plural when it isn't ``one`` with an “s”."""
    return f"{count:,} {plural_word(count, one, many)}"


def plural_word(count: int, one: str, many: str = "") -> str:
    """The word alone: “line” for 1, else “lines”."""
    return one if count == 1 else many or f"{one}s"


FILTERS = (
    *(money, unit_money, quantity, day, moment, plain, plain_price),
    *(period_label, period_suffix, plural, plural_word),
)
