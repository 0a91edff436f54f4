"""What a tenant holds at first: ``empty`` has the reference data only, ``demo`` a believable MSP as well."""

from __future__ import annotations

import copy
from datetime import date
from functools import lru_cache
from typing import Any

from sandbox import contract
from sandbox.errors import ApiError
from sandbox.query import Record
from sandbox.seed import customers, goods, reference
from sandbox.seed.picklists import picklists, user_defined_fields
from sandbox.values import coerce, user_defined

__all__ = ["NAMES", "complete", "picklists", "records", "user_defined_fields"]

NAMES = ("demo", "empty")
LAST_ID = 10**15


def records(name: str, today: date) -> dict[str, list[Record]]:
    """All records of a seed by entity, with ids given. ``today`` places the opportunities' dates."""
    return {
        entity: [{**row, "userDefinedFields": copy.deepcopy(row["userDefinedFields"])} for row in rows]
        for entity, rows in _completed(name, today).items()
    }


@lru_cache(maxsize=len(NAMES))
def _completed(name: str, today: date) -> dict[str, list[Record]]:
    """Kept, since every tenant that is made or reset starts with it: whoever changes a record needs a copy."""
    raw = reference.records()
    if name == "demo":
        for part in (customers.records(today), goods.records()):
            for entity, rows in part.items():
                raw[entity] = rows + raw.get(entity, [])
    return {
        entity: [
            complete(entity, row, number) for number, row in enumerate(rows, start=reference.FIRST_ID[entity])
        ]
        for entity, rows in raw.items()
    }


def complete(entity_name: str, row: dict[str, Any], number: int) -> Record:
    """A whole record from the fields given; ``number`` is its id unless it brings one. Raises ValueError."""
    entity = contract.entities()[entity_name]
    record: Record = {**dict.fromkeys(entity.fields), "userDefinedFields": []}
    record.update(complete_partial(entity_name, row))
    if record["id"] is None:
        record["id"] = number
    if not 0 <= record["id"] <= LAST_ID:
        raise ValueError(f"The id {record['id']} is not between 0 and {LAST_ID}.")
    return record


def complete_partial(entity_name: str, changes: dict[str, Any]) -> Record:
    """Some fields, converted. Raises ValueError for a field that the entity does not have."""
    fields = contract.entities()[entity_name].fields
    given: Record = {}
    for name, value in changes.items():
        if name != "userDefinedFields" and name not in fields:
            raise ValueError(f"{entity_name} has no field {name}.")
        try:
            given[name] = user_defined(value) if name == "userDefinedFields" else coerce(fields[name], value)
        except ApiError as error:
            raise ValueError(str(error)) from error
    return given
