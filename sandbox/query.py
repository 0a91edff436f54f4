"""Autotask's query language: parsing, checking and matching.

A search is ``{"filter": [node, ...], "maxRecords": n, "includeFields": [...]}``; the nodes of a list are joined by
and. A node is ``{"op", "field", "value"}`` or a group ``{"op": "and"|"or", "items": [...]}``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.contract import Entity, Field
from sandbox.errors import TOO_MANY_ORS, ApiError, invalid
from sandbox.values import coerce

NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
PAGE = 500
MAX_OR = 500
MAX_DEPTH = 50

MAX_CONDITIONS = 2000  # far more than any client sends, and few enough to be looked at for every record
LAST = 2**63

Record = dict[str, Any]
Match = Callable[[Record], bool]
# Fields with values: every match has one of the values in one of the fields, so that indexes can tell where to look.
Start = dict[str, set[Any]]


@dataclass(frozen=True)
class Search:
    """A checked search, and what narrows it down before ``match`` looks at a record.

    ``starts``: each is enough to find all matches. ``after``, ``before``: every match has an id between them.
    ``asked_limit``: the caller gave MaxRecords.
    """

    match: Match
    starts: tuple[Start, ...]
    limit: int
    include: list[str]
    after: int = -1
    before: int = LAST
    asked_limit: bool = False


@dataclass(frozen=True)
class _Node:
    """A condition or a group; ``equals``: the one start of a condition that is about nothing else."""

    match: Match
    starts: tuple[Start, ...] = ()
    equals: Start | None = None


def key_of(value: Any) -> Any:
    """How values compare: text without regard to case, as in Autotask's database; numbers by value."""
    if isinstance(value, str):
        return value.casefold()
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value


def parse(entity: Entity, body: Any, udf_names: set[str] | None = None) -> Search:
    """Check a search against an entity. Raises ApiError with a sentence."""
    if not isinstance(body, dict):
        raise invalid("Invalid query syntax. A JSON object with a filter was expected.")
    body = {str(name).lower(): value for name, value in body.items()}
    nodes = body.get("filter")
    if not isinstance(nodes, list) or not nodes:
        raise invalid("Invalid query syntax. A query needs a filter with at least one condition.")
    parser = _Parser(entity, udf_names or set())
    whole = _all([parser.node(node, 0, top=True) for node in nodes])
    limit = _limit(body.get("maxrecords"))
    include = body.get("includefields") or []
    if not isinstance(include, list):
        raise invalid("IncludeFields must be a list of field names.")
    names: dict[str, None] = {}
    for name in include:
        field = entity.find(str(name))
        found = field.name if field else parser.udf_names.get(str(name).lower())
        if found is None:
            raise invalid(f"Unable to find {str(name)[:80]} in the {entity.name} Entity.")
        names[found] = None
    return Search(
        whole.match, whole.starts, limit, list(names), parser.after, parser.before, "maxrecords" in body
    )


def _limit(asked: Any) -> int:
    """``MaxRecords`` as a number; also where it comes as text, as it does from clients that type nothing."""
    if isinstance(asked, str) and asked.strip().isascii() and asked.strip().isdigit() and len(asked) < 10:
        asked = int(asked)
    if asked is None or (asked == 0 and not isinstance(asked, bool)):
        return PAGE
    number = int(asked) if isinstance(asked, Decimal) and 1 <= asked <= PAGE else asked
    if isinstance(asked, bool) or not isinstance(number, int) or number != asked or not 1 <= number <= PAGE:
        raise invalid(f"MaxRecords must be between 1 and {PAGE}.")
    return number


def _all(nodes: list[_Node]) -> _Node:
    """All of them match."""
    if len(nodes) == 1:
        return nodes[0]
    matches = [node.match for node in nodes]
    starts = tuple(start for node in nodes for start in node.starts)
    return _Node(lambda record: all(match(record) for match in matches), starts)


def _any(nodes: list[_Node]) -> _Node:
    """One of them matches. Conditions that ask one field for different values become one look into a set."""
    equal: Start = {}
    for node in nodes:
        for name, keys in (node.equals or {}).items():
            equal.setdefault(name, set()).update(keys)
    matches = [_equals(name, keys) for name, keys in equal.items()]
    matches += [node.match for node in nodes if node.equals is None]
    starts: tuple[Start, ...] = ()
    if all(node.starts for node in nodes):
        union: Start = {}
        for node in nodes:
            for name, keys in node.starts[0].items():
                union.setdefault(name, set()).update(keys)
        starts = (union,)
    return _Node(lambda record: any(match(record) for match in matches), starts)


def _equals(name: str, keys: set[Any]) -> Match:
    return lambda record: key_of(record.get(name)) in keys


class _Parser:
    def __init__(self, entity: Entity, udf_names: set[str]) -> None:
        self.entity = entity
        self.udf_names = {name.lower(): name for name in udf_names}
        self.after, self.before = -1, LAST
        self.conditions = 0
        self.ors = 0
        self.udfs = 0

    def node(self, node: Any, depth: int, *, top: bool = False) -> _Node:
        """``top``: every match must pass this one."""
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            raise invalid("Invalid query syntax. The filter has too many conditions.")
        if depth > MAX_DEPTH:
            raise invalid("Invalid query syntax. The filter is nested too deeply.")
        if not isinstance(node, dict):
            raise invalid("Invalid query syntax. Each condition must be an object.")
        node = {str(name).lower(): value for name, value in node.items()}
        op = str(node.get("op", "")).lower()
        if op in ("and", "or"):
            return self._group(op, node, depth, top)
        return self._condition(op, node, top)

    def _group(self, op: str, node: dict[str, Any], depth: int, top: bool) -> _Node:
        items = node.get("items")
        if not isinstance(items, list) or not items:
            raise invalid(f"Invalid query syntax. The group '{op}' needs items.")
        if op == "or":
            self._count(len(items))
        nodes = [self.node(item, depth + 1, top=top and op == "and") for item in items]
        return _all(nodes) if op == "and" else _any(nodes)

    def _count(self, ors: int) -> None:
        self.ors += ors
        if self.ors > MAX_OR:
            raise ApiError(500, TOO_MANY_ORS)

    def _condition(self, op: str, node: dict[str, Any], top: bool) -> _Node:
        name = node.get("field")
        if not isinstance(name, str) or not name:
            raise invalid("Invalid query syntax. A condition needs a field.")
        if op not in _OPERATORS and op not in ("exist", "notexist"):
            raise invalid(f"Invalid query syntax. The operator '{str(node.get('op'))[:40]}' is not known.")
        if node.get("udf") is True:
            return _Node(self._udf(name, op, node.get("value")))
        field = self.entity.find(name)
        if field is None:
            raise invalid(f"Unable to find {name[:80]} in the {self.entity.name} Entity.")
        if not field.queryable:
            raise invalid(f"The field {field.name} of {self.entity.name} cannot be queried.")
        if op in ("exist", "notexist"):
            wanted = op == "exist"
            return _Node(lambda record: (record.get(field.name) is not None) == wanted)
        return self._compare(field, op, node.get("value"), top)

    def _compare(self, field: Field, op: str, value: Any, top: bool) -> _Node:
        if op in ("in", "notin"):
            if not isinstance(value, list) or not value:
                raise invalid(f"The operator '{op}' needs a list of values.")
            if op == "in":
                self._count(len(value))
            keys = {key_of(_loose(field, entry)) for entry in value}
            if op == "in":
                return _one_of(field.name, keys)
            return _Node(lambda record: key_of(record.get(field.name)) not in keys)
        if isinstance(value, list | dict):
            raise invalid(f"The operator '{op}' needs one value.")
        if field.type == "boolean" and str(value).lower() not in ("true", "false"):
            raise invalid(f"The field {field.name} is compared with true or false only.")
        if value is None and op not in ("eq", "noteq"):
            raise invalid(f"The operator '{op}' needs a value.")
        wanted = key_of(_loose(field, value)) if op not in _TEXT else str(value).casefold()
        if op == "eq":
            return _one_of(field.name, {wanted})
        if top and field.name == "id" and isinstance(wanted, int):
            self._bound(op, wanted)
        compare = _OPERATORS[op]
        return _Node(lambda record: compare(key_of(record.get(field.name)), wanted))

    def _bound(self, op: str, number: int) -> None:
        """Narrow the ids down by a condition that every match must pass."""
        if op in ("gt", "gte"):
            self.after = max(self.after, number if op == "gt" else number - 1)
        elif op in ("lt", "lte"):
            self.before = min(self.before, number if op == "lt" else number + 1)

    def _udf(self, name: str, op: str, value: Any) -> Match:
        self.udfs += 1
        if self.udfs > 1:
            raise invalid("Invalid query syntax. Only one user-defined field can be queried at a time.")
        if name.lower() not in self.udf_names:
            raise invalid(f"Unable to find {name[:80]} in the {self.entity.name} Entity.")

        def read(record: Record) -> Any:
            fields = record.get("userDefinedFields") or []
            return next((udf["value"] for udf in fields if udf["name"].lower() == name.lower()), None)

        if op in ("exist", "notexist"):
            return lambda record: (read(record) is not None) == (op == "exist")
        if op in ("in", "notin"):
            if not isinstance(value, list) or not value:
                raise invalid(f"The operator '{op}' needs a list of values.")
            if op == "in":
                self._count(len(value))
            keys = {str(entry).casefold() for entry in value}
            return lambda record: (key_of(read(record)) in keys) == (op == "in")
        if isinstance(value, list | dict):
            raise invalid(f"The operator '{op}' needs one value.")
        if value is None and op not in ("eq", "noteq"):
            raise invalid(f"The operator '{op}' needs a value.")
        compare = _OPERATORS[op]
        wanted = None if value is None else str(value).casefold()
        if op in ("gt", "gte", "lt", "lte") and (limit := _as_number(wanted)) is not None:
            # User-defined fields are all text here; a number is looked for among numbers.
            return lambda record: compare(_as_number(read(record)), limit)
        return lambda record: compare(key_of(read(record)), wanted)


def _one_of(name: str, keys: set[Any]) -> _Node:
    return _Node(_equals(name, keys), ({name: keys},), {name: keys})


def _as_number(text: str | None) -> Decimal | None:
    """The number that a text is, if it is one."""
    return Decimal(text) if text is not None and NUMBER.fullmatch(text) else None


def _loose(field: Field, value: Any) -> Any:
    """A value to compare with: converted like a stored one, but of any length."""
    if field.type == "string" and isinstance(value, str):
        return value
    return coerce(field, value)


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(have: Any, wanted: Any) -> bool:
        if have is None or wanted is None:
            return False
        if isinstance(have, str) != isinstance(wanted, str):
            have, wanted = str(have), str(wanted)
        return test(have, wanted)

    return compare


def _text(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda have, wanted: have is not None and test(str(have), wanted)


_TEXT = ("beginswith", "endswith", "contains")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda have, wanted: have == wanted,
    "noteq": lambda have, wanted: have != wanted,
    "gt": _ordered(lambda have, wanted: have > wanted),
    "gte": _ordered(lambda have, wanted: have >= wanted),
    "lt": _ordered(lambda have, wanted: have < wanted),
    "lte": _ordered(lambda have, wanted: have <= wanted),
    "beginswith": _text(str.startswith),
    "endswith": _text(str.endswith),
    "contains": _text(lambda have, wanted: wanted in have),
    "in": lambda have, wanted: have in wanted,
    "notin": lambda have, wanted: have not in wanted,
}
