"""Format money, quantities, dates and counts for pages and PDFs, as people write them at a place."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import (
    format_currency,
    format_decimal,
    get_currency_precision,
    get_currency_symbol,
    get_decimal_symbol,
)
from markupsafe import Markup

from webapp.services.core.place import Place

ANYWHERE = Place()
# A quote of 300 lines writes some 2,000 numbers, again after each edit, and most as before.
KEPT = 10_000
# Times nearer than this are shown as “2 minutes ago”.
NEAR = timedelta(days=1)
UNITS = {"hour": 3600, "minute": 60, "second": 1}
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
# Behind an amount, where there is little room.
PERIOD_SHORTS = {"monthly": "/mo", "quarterly": "/qtr", "semi_annual": "/6mo", "annual": "/yr"}


@cache
def _locale(name: str) -> Locale:
    # Parsing the name takes longer than writing a number.
    return Locale.parse(name)


@cache
def _decimal_symbol(name: str) -> str:
    return get_decimal_symbol(_locale(name))


def money(amount: Decimal | None, currency: str = "USD", place: Place = ANYWHERE) -> str:
    """“$1,234.50”; a dash for None."""
    # Without the sign of a zero, which would be kept for every zero.
    return "–" if amount is None else _money(amount + 0, currency, place.locale)


@lru_cache(maxsize=KEPT)
def _money(amount: Decimal, currency: str, locale: str) -> str:
    return format_currency(amount, currency, locale=_locale(locale))


def unit_money(amount: Decimal | None, currency: str = "USD", place: Place = ANYWHERE) -> str:
    """Like ``money``, with the decimals beyond the currency's own, up to 4, unless they are zero."""
    if amount is None:
        return "–"
    digits = get_currency_precision(currency)
    if amount == round(amount, digits):
        return money(amount, currency, place)
    usual = _locale(place.locale).currency_formats["standard"].pattern
    exact = usual.replace("0.00", "0." + "0" * digits + "#" * (4 - digits))
    return format_currency(
        amount, currency, format=exact, locale=_locale(place.locale), currency_digits=False
    )


def price(value: Decimal, place: Place = ANYWHERE) -> str:
    """A price to read in a column of prices: without a sign, with 2 to 4 decimals."""
    return _number(value + 0, "#,##0.00##", place.locale)


def currency_sign(currency: str, place: Place = ANYWHERE) -> str:
    """“$”, or “CA$” where the dollar alone would be another's."""
    return get_currency_symbol(currency, _locale(place.locale))


def quantity(value: Decimal, place: Place = ANYWHERE) -> str:
    """A quantity without trailing zeros."""
    return _number(value + 0, "", place.locale)


def percentage(value: Decimal, place: Place = ANYWHERE) -> str:
    """“33.3%”, with one decimal."""
    return f"{_number(value + 0, '0.0', place.locale)}%"


@lru_cache(maxsize=KEPT)
def _number(value: Decimal, pattern: str, locale: str) -> str:
    if not pattern:
        return format_decimal(value.normalize(), locale=_locale(locale), decimal_quantization=False)
    return format_decimal(value, format=pattern, locale=_locale(locale))


def day(value: date | datetime | None, place: Place = ANYWHERE) -> str:
    """“Nov 3, 2026”, for a time the date at ``place``; a dash for None."""
    if value is None:
        return "–"
    return format_date(
        place.day_of(value) if isinstance(value, datetime) else value, "medium", locale=_locale(place.locale)
    )


def moment(value: datetime | None, place: Place = ANYWHERE) -> str:
    """“Nov 3, 2026, 2:05 PM EST”, in the time of ``place``; a dash for None."""
    return "–" if value is None else _moment(value, place)


@lru_cache(maxsize=KEPT)
def _moment(value: datetime, place: Place) -> str:
    return f"{_local(value, place)} {place.zone_short(value)}"


def when(value: datetime | None, place: Place = ANYWHERE, now: datetime | None = None) -> str:
    """A ``<time>`` element: “2 minutes ago” within a day of ``now``, else the local time; in full in its title."""
    if value is None:
        return "–"
    distance = value - (now or datetime.now(UTC))
    is_near = abs(distance) < NEAR
    text = _relative(distance) if is_near else _local(value, place)
    return Markup('<time datetime="%s" title="%s"%s>%s</time>') % (
        value.astimezone(UTC).isoformat(timespec="seconds"),
        moment(value, place),
        Markup(" data-relative") if is_near else "",
        text,
    )


def _relative(distance: timedelta) -> str:
    # As Babel writes it, which takes as long for it as for the rest of an entry of a history.
    seconds = abs(distance).total_seconds()
    if seconds < 45:
        return "just now" if distance <= timedelta() else "in a moment"
    word, size = next((word, size) for word, size in UNITS.items() if seconds >= size)
    amount = plural(round(seconds / size), word)
    return f"{amount} ago" if distance < timedelta() else f"in {amount}"


@lru_cache(maxsize=KEPT)
def _local(value: datetime, place: Place) -> str:
    local = value.astimezone(place.zone)
    clock = format_time(local, "short", locale=_locale(place.locale)).replace("\u202f", " ")
    return f"{format_date(local, 'medium', locale=_locale(place.locale))}, {clock}"


def plain(value: Decimal | None, place: Place = ANYWHERE) -> str:
    """A number for an input field: no grouping, no trailing zeros, no exponent."""
    if value is None:
        return ""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace(".", _decimal_symbol(place.locale))


def plain_price(value: Decimal | None, place: Place = ANYWHERE) -> str:
    """A price for an input field: like ``plain``, with at least two decimals."""
    if value is None:
        return ""
    symbol = _decimal_symbol(place.locale)
    whole, _, decimals = plain(value, place).partition(symbol)
    return f"{whole}{symbol}{decimals.ljust(2, '0')}"


def period_label(recurrence: str) -> str:
    """“Monthly” for ``monthly``."""
    return PERIOD_LABELS.get(recurrence, recurrence)


def period_suffix(recurrence: str) -> str:
    """“per month” for ``monthly``; nothing for one-time."""
    return PERIOD_SUFFIXES.get(recurrence, "")


def period_short(recurrence: str) -> str:
    """“/mo” for ``monthly``; nothing for one-time."""
    return PERIOD_SHORTS.get(recurrence, "")


def plural(count: int, one: str, many: str = "") -> str:
    """“1 line”, “3 lines”. ``many``: the plural when it isn't ``one`` with an “s”."""
    return f"{count:,} {plural_word(count, one, many)}"


def plural_word(count: int, one: str, many: str = "") -> str:
    """The word alone: “line” for 1, else “lines”."""
    return one if count == 1 else many or f"{one}s"


# Template filters: those that depend on a place take it as their last argument, and those that don't.
PLACED = (
    money,
    currency_sign,
    unit_money,
    price,
    quantity,
    percentage,
    day,
    moment,
    when,
    plain,
    plain_price,
)
ANYWHERE_ALIKE = (period_label, period_suffix, period_short, plural, plural_word)


def shortened(text: str, most: int) -> str:
    """``text`` on one line, of up to ``most`` characters: what is left out ends in an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
