"""Small sums that people type into a cell of numbers: ``=120*3``, ``*1.2``, ``/2``, ``+10%``, ``-5%``.

Read by a parser of numbers, four operators and parentheses; nothing is evaluated as a program.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_precision, get_decimal_symbol, get_group_symbol

from webapp.services.core.formatting import ANYWHERE
from webapp.services.core.numbers import MAX_DECIMALS, parse_decimal
from webapp.services.core.place import Place

LONGEST = 80
DEEPEST = 10
_PERCENT = re.compile(r"([+-])\s*([^\s+\-*/()=%][^+\-*/()=%]*)%")
_ALIKE = str.maketrans({"\u2212": "-", "\u00d7": "*", "\u00f7": "/"})
NOT_READ = "This can't be calculated. Use numbers with + - * / and parentheses, like =120*3."
NO_BEFORE = "There's no number yet to calculate with. Enter a number."


def is_sum(text: str) -> bool:
    """True where ``text`` is to be calculated: it begins with =, * or /, or is a percentage with a sign."""
    text = text.strip().translate(_ALIKE)
    if text[:1] in ("=", "*", "/"):
        return True
    return len(text) <= LONGEST and _PERCENT.fullmatch(text) is not None


def calculate(text: str, before: Decimal | None, place: Place = ANYWHERE, currency: str = "") -> Decimal:
    """The number that ``text`` comes to, with the decimals of its ``currency`` or 4. ``before``: what the cell has.

    Raises ValueError with a sentence.
    """
    text = text.strip().translate(_ALIKE)
    if len(text) > LONGEST:
        raise ValueError(f"Use up to {LONGEST} characters to calculate.")
    percent = _PERCENT.fullmatch(text)
    if text[:1] != "=" and before is None:
        raise ValueError(NO_BEFORE)
    try:
        if percent is not None:
            share = before_or_zero(before) * parse_decimal(percent[2].strip(), place) / 100
            value = before_or_zero(before) + (share if percent[1] == "+" else -share)
        elif text[:1] == "=":
            value = _Parser(text[1:], place).whole()
        else:
            factor = _Parser(text[1:], place).whole()
            value = before_or_zero(before) * factor if text[:1] == "*" else before_or_zero(before) / factor
        digits = get_currency_precision(currency) if currency else MAX_DECIMALS
        return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    except ZeroDivisionError as error:
        raise ValueError("A number can't be divided by 0.") from error
    except ArithmeticError as error:
        raise ValueError(NOT_READ) from error


def before_or_zero(before: Decimal | None) -> Decimal:
    """What the cell has."""
    return before or Decimal(0)


class _Parser:
    """Sums of products of numbers; a number may have a minus and stand in parentheses."""

    def __init__(self, text: str, place: Place) -> None:
        marks = re.escape(get_decimal_symbol(place.locale) + get_group_symbol(place.locale) + "'\u2019")
        self._tokens: list[str] = re.findall(rf"[0-9{marks}\s]*[0-9][0-9{marks}]*|\S", text)
        self._at = 0
        self._depth = 0
        self._place = place

    def whole(self) -> Decimal:
        """The value of the whole text."""
        value = self._sum()
        if self._at < len(self._tokens):
            raise ValueError(NOT_READ)
        return value

    def _sum(self) -> Decimal:
        value = self._product()
        while sign := self._take("+", "-"):
            value = value + self._product() if sign == "+" else value - self._product()
        return value

    def _product(self) -> Decimal:
        value = self._number()
        while sign := self._take("*", "/"):
            value = value * self._number() if sign == "*" else value / self._number()
        return value

    def _number(self) -> Decimal:
        self._depth += 1
        if self._depth > DEEPEST or self._at >= len(self._tokens):
            raise ValueError(NOT_READ)
        if self._take("-"):
            value = -self._number()
        elif self._take("("):
            value = self._sum()
            if not self._take(")"):
                raise ValueError(NOT_READ)
        else:
            value = self._plain()
        self._depth -= 1
        return value

    def _plain(self) -> Decimal:
        token = self._tokens[self._at].strip()
        self._at += 1
        if not any(letter.isdigit() for letter in token):
            raise ValueError(NOT_READ)
        return parse_decimal(token, self._place)

    def _take(self, *signs: str) -> str:
        """The next token if it is one of ``signs``; empty otherwise."""
        if self._at < len(self._tokens) and self._tokens[self._at].strip() in signs:
            self._at += 1
            return self._tokens[self._at - 1].strip()
        return ""
