"""Strategies for requests that are wrong in every way, and some that are nearly right."""

from __future__ import annotations

import json
import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from sandbox import contract

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))


def thorough(examples: int) -> Any:
    """So many examples, the same ones each time; or as many others as FUZZ_EXAMPLES says."""
    return settings(
        max_examples=EXAMPLES or examples,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


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
admin_words = ["reset", "seed", "state", "calls", "stats", "usage", "faults", "picklists", "companyType"]
segments = st.sampled_from(names) | st.sampled_from(words) | st.integers(-5, 10**20).map(str) | text
settable = ["threadLimit", "hourlyThreshold", "strict", "permissions", "seed", "kind", "entity", "calls"]


@st.composite
def records(draw: st.DrawFn) -> tuple[contract.Entity, dict[str, Any]]:
    """An entity and a body that may be right, nearly right or nonsense."""
    entity = contract.entities()[draw(st.sampled_from(names))]
    required = [name for name, field in entity.fields.items() if field.required]
    more = draw(st.lists(st.sampled_from(list(entity.fields)), max_size=8))
    body = {name: draw(values) for name in sorted({*(required if draw(st.booleans()) else []), *more})}
    if draw(st.integers(0, 5)) == 0:
        body[draw(text)] = draw(anything)
    if draw(st.integers(0, 5)) == 0:
        body["userDefinedFields"] = draw(anything)
    return entity, body


operators = st.sampled_from(
    [
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
)
conditions = st.fixed_dictionaries(
    {"op": operators | text, "field": st.sampled_from(fields) | text},
    optional={"value": values | st.lists(leaves, max_size=5), "udf": st.booleans() | leaves},
)
groups = st.sampled_from(["and", "or", "AND"])
nodes = st.recursive(
    conditions | anything,
    lambda inner: st.fixed_dictionaries({"op": groups, "items": st.lists(inner, max_size=3)}),
    max_leaves=6,
)
searches = st.fixed_dictionaries(
    {"filter": st.lists(nodes, max_size=3) | anything},
    optional={
        "MaxRecords": st.integers(-2, 600) | leaves,
        "IncludeFields": st.lists(st.sampled_from(fields) | text, max_size=4) | anything,
    },
)
