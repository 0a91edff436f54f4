"""Values on the wire: what a field takes, and how JSON is read and written without losing a digit."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.contract import Field
from sandbox.errors import invalid


def _number(value: Any) -> float:
    # At most 15 significant digits are let in, and those a float gives back unchanged.
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def dumps(value: Any) -> str:
    """JSON text; a Decimal keeps its digits."""
    return json.dumps(value, default=_number, ensure_ascii=False, separators=(",", ":"))


def loads(text: str | bytes) -> Any:
    """Read JSON with exact decimals. Raises ValueError for anything else, NaN and deep nesting included."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def now() -> str:
    """The present moment as Autotask writes times, in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def coerce(field: Field, value: Any) -> Any:
    """``value`` as the field stores it. Raises ApiError with Autotask's kind of sentence."""
    if value is None:
        return None
    match field.type:
        case "integer":
            return _integer(field, value)
        case "decimal":
            return _decimal(field, value)
        case "boolean":
            if isinstance(value, bool):
                return value
            if isinstance(value, int) and value in (0, 1):
                return bool(value)
            if isinstance(value, str) and value.lower() in ("true", "false"):
                return value.lower() == "true"
            raise _wrong(field, value)
        case "datetime":
            return _datetime(field, value)
        case "bytes":
            return _bytes(field, value)
    if isinstance(value, dict | list):
        raise _wrong(field, value)
    text = value if isinstance(value, str) else dumps(value)
    if field.length and len(text) > field.length:
        raise invalid(f"The {field.name} field exceeds its maximum length of {field.length} characters.")
    return text


def _wrong(field: Field, value: Any) -> Exception:
    return invalid(f"Error converting value {dumps(value)[:80]} to type '{field.type}'. Path '{field.name}'.")


def _integer(field: Field, value: Any) -> int:
    if isinstance(value, bool):
        if field.name == "isActive":
            return int(value)
        raise _wrong(field, value)
    if isinstance(value, Decimal):
        if not value.is_finite() or value != value.to_integral_value():
            raise _wrong(field, value)
        value = int(value)
    if isinstance(value, str):
        if not value.strip().lstrip("-").isascii() or not value.strip().lstrip("-").isdigit():
            raise _wrong(field, value)
        value = int(value.strip()[:30])
    if not isinstance(value, int) or abs(value) >= 2**63:
        raise _wrong(field, value)
    return value


def _decimal(field: Field, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise _wrong(field, value)
    try:
        number = Decimal(value)
    except ArithmeticError as error:
        raise _wrong(field, value) from error
    if not number.is_finite() or abs(number) >= Decimal(10) ** 11:
        raise _wrong(field, value)
    return round(number, 4)


def _datetime(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(field, value)
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError as error:
        raise _wrong(field, value) from error
    try:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise _wrong(field, value) from error
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _bytes(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(field, "…")
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid(f"The {field.name} field is not valid base64.") from error
    return value
