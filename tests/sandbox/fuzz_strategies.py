"""Strategies for requests that are wrong in every way, and some that are nearly right."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from sandbox import contract


def as_json(document: Any) -> bytes:
    """JSON as Python writes it: NaN, Infinity and halves of characters included."""
    return json.dumps(document).encode()


def in_address(part: str) -> str:
    """Text for an address, with what would end a path put away."""
    return part.encode("utf-8", "replace").decode().replace("?", "%3F").replace("#", "%23")


names = sorted(contract.entities())
fields = sorted({field for entity in contract.entities().values() for field in entity.fields})
odd = ["", "0", "-1", "1e400", "NaN", "2026-02-30", "\x00", "'; --", "🎉", "\ud800"]
text = st.text(max_size=40) | st.sampled_from(odd)
extremes = [0, 1, -1, 175, 2**31, 2**63, 2**64, 10**40, 1e308, 0.1]
numbers = st.integers() | st.floats() | st.sampled_from(extremes)
leaves = st.none() | st.booleans() | numbers | text
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
# Ids of the seed's records, and values of its picklists, so that some bodies come close to being right.
known = [0, 1, 2, 3, 10, 175, 301, 401, 4100, 8100, 9100, 29682700, 29682880, 29683300, 30682000]
parents = st.sampled_from([0, 1, 175, 4100, 6100, 8100, 10**18])
dates = st.sampled_from(["2026-11-01", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
values = st.sampled_from(known) | dates | leaves | anything

methods = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW"])
words = [
    "query",
    "count",
    "next",
    "entityInformation",
    "fields",
    "Items",
    "Contacts",
    "Fields",
    "..",
    "",
    "%00",
]
admin_words = [
    "reset",
    "seed",
    "state",
    "calls",
    "stats",
    "usage",
    "faults",
    "picklists",
    "companyType",
    "userDefinedFields",
]
segments = st.sampled_from(names) | st.sampled_from(words) | st.integers(-5, 10**20).map(str) | text
settable = ["threadLimit", "hourlyThreshold", "strict", "permissions", "seed", "kind", "entity", "calls"]


def fitting(field: contract.Field) -> st.SearchStrategy[Any]:
    """Values that the field could well take, and now and then one that it could not."""
    by_type: dict[str, st.SearchStrategy[Any]] = {
        "integer": st.sampled_from(known),
        "decimal": st.integers(0, 1000) | st.floats(-1, 1e6).map(lambda number: round(number, 4)),
        "boolean": st.booleans(),
        "datetime": st.sampled_from(["2026-11-01", "2026-12-01T10:00:00Z", "2026-12-24T00:00:00+02:00"]),
        "string": st.text(max_size=12),
        "bytes": st.sampled_from(["", "eA=="]),
    }
    return st.integers(0, 11).flatmap(lambda chance: values if chance == 0 else by_type[field.type])


@st.composite
def records(draw: st.DrawFn) -> tuple[contract.Entity, dict[str, Any]]:
    """An entity and a body that is right, nearly right or nonsense."""
    entity = contract.entities()[draw(st.sampled_from(names))]
    required = [name for name, field in entity.fields.items() if field.required]
    more = draw(st.lists(st.sampled_from(list(entity.fields)), max_size=4))
    chosen = sorted({*(required if draw(st.integers(0, 4)) else []), *more})
    body = {name: draw(fitting(entity.fields[name])) for name in chosen}
    if draw(st.integers(0, 5)) == 0:
        body[draw(text)] = draw(anything)
    if draw(st.integers(0, 5)) == 0:
        body["userDefinedFields"] = draw(anything)
    return entity, body


operators = [
    "eq",
    "noteq",
    "gt",
    "gte",
    "lt",
    "lte",
    "beginsWith",
    "endsWith",
    "contains",
    "exist",
    "notExist",
    "in",
    "notIn",
]
groups = st.sampled_from(["and", "or", "AND"])
wild = st.fixed_dictionaries(
    {"op": st.sampled_from(operators) | text, "field": st.sampled_from(fields) | text},
    optional={"value": values | st.lists(leaves, max_size=5), "udf": st.booleans() | leaves},
)


def condition(entity: contract.Entity) -> st.SearchStrategy[Any]:
    """A condition on a field of the entity, with a value for its operator."""

    def about(field: contract.Field, op: str) -> st.SearchStrategy[Any]:
        value = st.lists(fitting(field), min_size=1, max_size=4) if op in ("in", "notIn") else fitting(field)
        return st.fixed_dictionaries({"op": st.just(op), "field": st.just(field.name), "value": value})

    fields_of = st.sampled_from(list(entity.fields.values()))
    return st.tuples(fields_of, st.sampled_from(operators)).flatmap(lambda drawn: about(*drawn))


@st.composite
def searches(draw: st.DrawFn) -> tuple[str, Any]:
    """An entity and a search that is right, nearly right or nonsense."""
    name = draw(st.sampled_from(names))
    right = condition(contract.entities()[name])
    node = right if draw(st.integers(0, 3)) else right | wild | anything
    nodes = st.recursive(
        node,
        lambda inner: st.fixed_dictionaries({"op": groups, "items": st.lists(inner, max_size=3)}),
        max_leaves=5,
    )
    search: Any = {"filter": draw(st.lists(nodes, min_size=1, max_size=2))}
    if draw(st.integers(0, 9)) == 0:
        search = draw(anything)
    elif draw(st.booleans()):
        search["MaxRecords"] = draw(st.sampled_from([1, 2, 500]) if draw(st.integers(0, 5)) else leaves)
    elif draw(st.booleans()):
        own = st.sampled_from(list(contract.entities()[name].fields))
        search["IncludeFields"] = draw(st.lists(own, max_size=4) if draw(st.integers(0, 5)) else anything)
    return name, search
