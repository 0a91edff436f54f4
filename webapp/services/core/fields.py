"""Read form input: text in, typed values out, and a sentence for each wrong field."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal

from webapp.models import names
from webapp.services.core import sums
from webapp.services.core.errors import Invalid
from webapp.services.core.formatting import ANYWHERE
from webapp.services.core.numbers import parse_decimal
from webapp.services.core.place import Place

MAX_ID = 2**31 - 1
# Ids of other systems are 64 bits wide (Autotask's REST API calls them int64).
MAX_REMOTE_ID = 2**63 - 1
_CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127])


def clean_text(text: str) -> str:
    """``text`` composed, without control and invisible characters, with plain spaces and ``\\n``, edges trimmed."""
    return names.clean(text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)).strip()


def words(text: str) -> list[str]:
    """The first 8 words of a search."""
    return clean_text(text)[:200].split()[:8]


def parse_id(value: object, greatest: int = MAX_ID) -> int | None:
    """A record's id from a form or URL, at most ``greatest``; None if it can't be an id."""
    text = str(value or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        return None
    number = int(text)
    return number if 0 < number <= greatest else None


class Reader:
    """Reads one form. Each method returns a usable value, and collects a sentence when the input is wrong.

    ``before``: the numbers that are stored, for sums like “+10%” (``core.sums``). Call ``check`` at the end: it raises
    Invalid with all sentences.
    """

    def __init__(
        self,
        values: Mapping[str, object],
        place: Place = ANYWHERE,
        before: Mapping[str, Decimal | None] | None = None,
    ) -> None:
        self._values = values
        self._place = place
        self._before = before or {}
        self.errors: dict[str, str] = {}

    def has(self, name: str) -> bool:
        """Whether the form has this field, even if it is empty."""
        return name in self._values

    def raw(self, name: str) -> str:
        """The cleaned text; empty when the form doesn't have the field."""
        value = self._values.get(name)
        return "" if value is None else clean_text(str(value))

    def fail(self, name: str, sentence: str) -> None:
        """Add a sentence for ``name``; only the first one per field is kept."""
        self.errors.setdefault(name, sentence)

    def text(self, name: str, limit: int, *, missing: str = "", one_line: bool = True) -> str:
        """Text of up to ``limit`` characters. ``missing``: the sentence for an empty required field."""
        value = self.raw(name)
        if one_line:
            value = " ".join(value.split())
        if not value and missing:
            self.fail(name, missing)
        if len(value) > limit:
            self.fail(name, f"Use up to {limit:,} characters. This has {len(value):,}.")
        return value

    def decimal(
        self,
        name: str,
        *,
        default: Decimal | None = None,
        minimum: Decimal = Decimal(0),
        maximum: Decimal,
        above_zero: bool = False,
        example: str = "",
        currency: str = "",
    ) -> Decimal:
        """A number from ``minimum`` (or above 0) to ``maximum``.

        An empty field gives ``default``, or an error without a default. ``example``: the sentence for input that isn't
        a number, with an example that fits the field. ``currency``: the code whose sign may stand at the number.
        """
        text = self.raw(name)
        if not text and default is not None:
            return default
        calculates = sums.is_sum(text)
        try:
            if calculates:
                value = sums.calculate(text, self._before.get(name), self._place, currency)
            else:
                value = parse_decimal(text, self._place, currency)
        except ValueError as error:
            if calculates:
                example = ""
            self.fail(name, example or (str(error) if text else "Enter a number."))
            return Decimal(1)
        if value < minimum or (above_zero and value == 0):
            self.fail(name, "Enter a number greater than 0." if above_zero else f"Enter {minimum:,} or more.")
        elif value > maximum:
            self.fail(name, f"Enter {maximum:,} or less.")
        return value

    def choice(self, name: str, options: Collection[str], default: str) -> str:
        """One of ``options``; ``default`` for an empty field."""
        value = self.raw(name) or default
        if value not in options:
            self.fail(name, "Choose an option from the list.")
            return default
        return value

    def day(self, name: str) -> date | None:
        """A date as browsers send it (2026-11-30); None for an empty field."""
        text = self.raw(name)
        if not text:
            return None
        try:
            value = date.fromisoformat(text)
        except ValueError:
            self.fail(name, "Enter a date like 2026-11-30 (year-month-day).")
            return None
        if not 2000 <= value.year <= 2100:
            self.fail(name, "Enter a year between 2000 and 2100.")
        return value

    def flag(self, name: str) -> bool:
        """A check box."""
        return self.raw(name).lower() in ("y", "yes", "on", "1", "true")

    def identifier(self, name: str) -> int | None:
        """The id of a record, or None."""
        return parse_id(self._values.get(name))

    def remote_identifier(self, name: str) -> int | None:
        """The id of a record in another system, or None."""
        return parse_id(self._values.get(name), MAX_REMOTE_ID)

    def check(self, sentence: str = "Nothing was saved. Fix the highlighted fields.") -> None:
        """Raise Invalid with all sentences collected so far, if any."""
        if self.errors:
            raise Invalid(sentence, self.errors)
