"""Read numbers as people at a place write them, or refuse them with a sentence. Never guess."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from babel.numbers import (
    get_currency_name,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
    list_currencies,
)

from webapp.services.core.formatting import ANYWHERE, plain_price
from webapp.services.core.place import Place

MAX_DECIMALS = 4
MAX_DIGITS = 14
# No amount with a sign is longer; a search through more letters than that could take minutes.
LONGEST = 60
# Looks like decimals behind the other separator.
_DECIMALS = re.compile(r"[+-]?\d+[.,]\d{1,2}", re.ASCII)
_SIGN = re.compile(r"[A-Za-z]{3}(?![A-Za-z])|[A-Za-z]*[^\W\d_]*[\u0024\u00a2-\u00a5\u20a0-\u20bf][A-Za-z]*")


def parse_decimal(text: str, place: Place = ANYWHERE, currency: str = "") -> Decimal:
    """The number in ``text``, with the separators of ``place`` and up to 4 decimals.

    A sign or code of ``currency`` may stand before or after it; without a ``currency``, a sign is ignored. Raises
    ValueError with a sentence for anything else: “NaN”, “1e50”, another currency's sign, groups that don't have three
    digits or that follow a leading zero.
    """
    point, group = get_decimal_symbol(place.locale), get_group_symbol(place.locale)
    number = _without_sign(_folded(text), currency, place.locale)
    whole, _, decimals = number.partition(point)
    sign, digits = ("-", whole[1:]) if whole[:1] == "-" else ("", whole.removeprefix("+"))
    plain = _ungrouped(digits, _folded(group) or " ")
    if plain is None and _DECIMALS.fullmatch(number):
        name = "a period" if point == "." else "a comma"
        raise ValueError(f"Use {name} for decimals, for example {_example('12.50', place)}.")
    if plain is None or (decimals and not _is_digits(decimals)) or not (plain or decimals):
        raise ValueError(
            f"Enter a number, for example {_example('1250', place)} or {_example('12.50', place)}."
        )
    if len(decimals.rstrip("0")) > MAX_DECIMALS:
        raise ValueError(f"Use up to {MAX_DECIMALS} decimal places.")
    if len(plain.lstrip("0")) > MAX_DIGITS:
        raise ValueError("This number is too large.")
    return Decimal(f"{sign}{plain or '0'}.{decimals[:MAX_DECIMALS] or '0'}")


def _folded(text: str) -> str:
    """``text`` with one kind of blank, apostrophe and minus, trimmed."""
    return " ".join(text.replace("\u2212", "-").replace("\u2019", "'").split())


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _ungrouped(digits: str, group: str) -> str | None:
    """The digits without separators; None when they aren't a number."""
    if not digits or _is_digits(digits):
        return digits
    # Blanks between groups are understood everywhere: no decimal symbol is a blank.
    separator = group if group in digits else " "
    first, *groups = digits.split(separator)
    # India writes 12,34,567: all groups but the last may have two digits.
    sizes_fit = all(len(part) in (2, 3) for part in groups[:-1]) and len(groups[-1]) == 3 if groups else False
    if not sizes_fit or not 1 <= len(first) <= 3 or first.startswith("0"):
        return None
    return "".join([first, *groups]) if all(map(_is_digits, [first, *groups])) else None


def _without_sign(text: str, currency: str, locale: str) -> str:
    """``text`` without the currency's sign or code. Raises ValueError for those of another currency."""
    if not currency:
        return text.lstrip("$€£¥ ")
    for sign in _signs(currency, locale):
        if text.upper().startswith(sign):
            return text[len(sign) :].strip()
        if text.upper().endswith(sign):
            return text[: -len(sign)].strip()
    found = _SIGN.search(text[:LONGEST])
    if found and (found.group().upper() in list_currencies() or not found.group().isalpha()):
        name = get_currency_name(currency, 2, locale="en_US")
        raise ValueError(
            f"This amount is in {name} ({currency}), so “{found.group()}” can't be used. Enter it in {currency}."
        )
    return text


@lru_cache(maxsize=64)
def _signs(currency: str, locale: str) -> list[str]:
    """What may stand at an amount of ``currency``, in capitals, the longest first: its code, its sign, and the sign
    without letters (“$” of “CA$”).
    """
    symbols = {get_currency_symbol(currency, each).upper() for each in ("en_US", "en_CA", locale)}
    bare = {symbol.strip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for symbol in symbols}
    return sorted({currency, *symbols, *bare} - {""}, key=len, reverse=True)


def _example(number: str, place: Place) -> str:
    value = Decimal(number)
    return plain_price(value, place) if "." in number else number
