"""Values on the wire: what a field takes, and how JSON is read and written without losing a digit."""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.contract import Field
from sandbox.errors import invalid

UDF_LENGTH = 255
WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
SURROGATE = re.compile("[\ud800-\udfff]")
FIRST_YEAR = 1753  # where SQL Server's datetime begins


def _number(value: Any) -> float:
    # At most 15 significant digits are let in, and those a float gives back unchanged.
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def dumps(value: Any) -> str:
    """JSON text; a Decimal keeps its digits."""
    return json.dumps(value, default=_number, ensure_ascii=False, separators=(",", ":"))


def loads(text: str | bytes) -> Any:
    """Read JSON with exact decimals. Raises ValueError for anything else, NaN and deep nesting included.

    Half of a surrogate pair becomes U+FFFD, because nothing could write it back as UTF-8.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8-sig")
    try:
        document = json.loads(text, parse_float=_exact, parse_constant=_no_constant)
        return _whole_characters(document) if "\\ud" in text.lower() else document
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except ArithmeticError as error:
        raise ValueError("a number is out of range") from error


def _whole_characters(value: Any) -> Any:
    if isinstance(value, str):
        return SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole_characters(entry) for entry in value]
    if isinstance(value, dict):
        return {_whole_characters(name): _whole_characters(entry) for name, entry in value.items()}
    return value


def _exact(text: str) -> Decimal:
    number = Decimal(text)
    # As far as a double reaches; beyond it, Decimal's own arithmetic overflows.
    if abs(number.adjusted()) > 300:
        raise ValueError("a number is out of range")
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def now() -> str:
    """The present moment as Autotask writes times, in UTC."""
    return _written(datetime.now(UTC))


def _written(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


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
    return invalid(f"Error converting value {str(value)[:80]} to type '{field.type}'. Path '{field.name}'.")


def _integer(field: Field, value: Any) -> int:
    if isinstance(value, bool):
        if field.name == "isActive":
            return int(value)
        raise _wrong(field, value)
    if isinstance(value, Decimal):
        if abs(value) >= 2**63 or value != value.to_integral_value():
            raise _wrong(field, value)
        value = int(value)
    if isinstance(value, str):
        if not WHOLE.fullmatch(value.strip()):
            raise _wrong(field, value)
        value = int(value)
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
    if not number.is_finite() or abs(number.adjusted()) > 300 or abs(number) >= Decimal(10) ** 11:
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
    if moment.year < FIRST_YEAR:
        raise _wrong(field, value)
    return _written(moment)


def _bytes(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(field, "…")
    text = "".join(value.split())  # many writers break base64 into lines
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid(f"The {field.name} field is not valid base64.") from error
    return text


def user_defined(given: Any) -> list[dict[str, Any]]:
    """``userDefinedFields`` as they are stored: a list of ``{"name", "value"}``, each value text. Raises ApiError."""
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise invalid("The userDefinedFields must be a list of objects with a name and a value.")
    found = []
    for one in given:
        udf = {str(key).lower(): value for key, value in one.items()}
        name, value = udf.get("name"), udf.get("value")
        if not isinstance(name, str) or not name:
            raise invalid("A user-defined field needs a name.")
        text = coerce(Field(name[:80], "string", length=UDF_LENGTH), value)
        found.append({"name": name, "value": text})
    return found
