"""What a tenant holds at first: ``empty`` has the reference data only, ``demo`` a believable MSP as well."""

from __future__ import annotations

from datetime import date
from typing import Any

from sandbox import contract
from sandbox.query import Record
from sandbox.seed import customers, goods, reference
from sandbox.seed.picklists import picklists, user_defined_fields
from sandbox.values import coerce

__all__ = ["NAMES", "complete", "picklists", "records", "user_defined_fields"]

NAMES = ("demo", "empty")


def records(name: str, today: date) -> dict[str, list[Record]]:
    """All records of a seed by entity, with ids given. ``today`` places the opportunities' dates."""
    raw = reference.records()
    if name == "demo":
        for part in (customers.records(today), goods.records()):
            for entity, rows in part.items():
                raw.setdefault(entity, []).extend(rows)
    return {
        entity: [
            complete(entity, row, number) for number, row in enumerate(rows, start=reference.FIRST_ID[entity])
        ]
        for entity, rows in raw.items()
    }


def complete(entity_name: str, row: dict[str, Any], number: int) -> Record:
    """A whole record from the fields given. Raises KeyError for a field that the entity does not have."""
    entity = contract.entities()[entity_name]
    record: Record = dict.fromkeys(entity.fields)
    record["userDefinedFields"] = row.pop("userDefinedFields", [])
    for name, value in row.items():
        field = entity.fields[name]
        record[name] = coerce(field, value)
    record["id"] = record["id"] or number
    return record


def complete_partial(entity_name: str, changes: dict[str, Any]) -> Record:
    """Some fields, converted. Raises KeyError for a field that the entity does not have."""
    fields = contract.entities()[entity_name].fields
    return {name: coerce(fields[name], value) for name, value in changes.items()}
