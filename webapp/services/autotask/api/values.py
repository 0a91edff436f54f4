"""Compare our values with Autotask's, and store them as JSON."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

_MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT")


# A user-defined field stands among the others under its name with this in front.
USER_DEFINED = "udf:"


def with_user_defined(record: dict[str, Any]) -> dict[str, Any]:
    """``record`` as it is sent: its user-defined fields in a list of their own."""
    own = [
        {"name": name.removeprefix(USER_DEFINED), "value": value}
        for name, value in record.items()
        if name.startswith(USER_DEFINED)
    ]
    if not own:
        return record
    rest = {name: value for name, value in record.items() if not name.startswith(USER_DEFINED)}
    return {**rest, "userDefinedFields": own}


def without_user_defined(record: dict[str, Any]) -> dict[str, Any]:
    """A record from Autotask with its user-defined fields among the others."""
    listed = record.get("userDefinedFields")
    if not listed:
        return record
    return {**record, **{f"{USER_DEFINED}{entry['name']}": entry.get("value") for entry in listed}}


def is_equal(ours: Any, remote: Any) -> bool:
    """True when both mean the same: 5 and 5.0, a date-time in two spellings, None and an empty text."""
    return bool(canonical(ours) == canonical(remote))


def canonical(value: Any) -> Any:
    """One spelling of a value."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if isinstance(value, str) and _MOMENT.match(value):
        try:
            return datetime.fromisoformat(value).timestamp()
        except ValueError:
            return value
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    return value


def _number(value: int | float | Decimal) -> Any:
    try:
        return Decimal(str(value)).quantize(Decimal("0.0001"))
    except InvalidOperation:
        return str(value)


def plain(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields as JSON stores them: decimals as text without trailing zeros."""
    return {name: _plain(value) for name, value in fields.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return value


def equals_pushed(ours: Any, pushed: Any) -> bool:
    """Like ``is_equal``, for a value that ``plain`` stored: a number may be a text there."""
    if isinstance(ours, int | Decimal) and not isinstance(ours, bool) and isinstance(pushed, str):
        try:
            return is_equal(ours, Decimal(pushed))
        except InvalidOperation:
            return False
    return is_equal(ours, pushed)
