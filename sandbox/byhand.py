"""What a person does in Autotask by hand, also where the API cannot: records, picklists, user-defined fields.

Types are checked, rules are not.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from sandbox import amounts, changes, contract, seed
from sandbox.contract import Entity
from sandbox.errors import ApiError
from sandbox.query import Record
from sandbox.seed.picklists import Picklist
from sandbox.tenants import Tenant

LONGEST_NAME = 80


def add(tenant: Tenant, data: dict[str, Any]) -> dict[str, list[int]]:
    """Records as a person in Autotask might have made them: types are checked, rules are not."""
    made: dict[str, list[Record]] = {}
    with tenant.store:
        for name, rows in data.items():
            entity = contract.find(name)
            if entity is None:
                raise ValueError(f"there is no entity {name}")
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise ValueError(f"{name} needs a list of objects")
            records = made.setdefault(entity.name, [])
            number = tenant.store.table(entity.name).next_id
            for row in rows:
                records.append(seed.complete(entity.name, row, number))
                number = max(number, records[-1]["id"] + 1)
        for name, records in made.items():
            tenant.store.put_many(name, records)
        for name, records in made.items():
            for record in records:
                amounts.after_change(tenant, name, record)
    return {name: [record["id"] for record in records] for name, records in made.items()}


def without_data(record: Record) -> Record:
    """A record with its file told by size and SHA-256 instead of the content."""
    if "data" not in record:
        return record
    data = base64.b64decode(record["data"] or "")
    rest = {name: value for name, value in record.items() if name != "data"}
    return {**rest, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _picklist_value(values: Picklist, wanted: dict[str, Any]) -> dict[str, Any]:
    """Raises ValueError for a change of the wrong kind, before anything is changed."""
    if not isinstance(wanted["value"], str | int) or not isinstance(wanted.get("label", ""), str):
        raise ValueError("value must be a number or text, label text")  # noqa: TRY004  answered as a wrong request
    if not all(isinstance(wanted.get(name, True), bool) for name in ("isActive", "isDefaultValue", "remove")):
        raise ValueError("isActive, isDefaultValue and remove are true or false")
    entry = next((one for one in values if one["value"] == str(wanted["value"])), None)
    if entry is None:
        blank = {"isDefaultValue": False, "sortOrder": len(values) + 1, "parentValue": "", "isActive": True}
        entry = {"value": str(wanted["value"]), "label": str(wanted["value"]), **blank, "isSystem": False}
        values.append(entry)
    elif wanted.get("remove"):
        values.remove(entry)
    entry.update(
        {name: value for name, value in wanted.items() if name in ("label", "isActive", "isDefaultValue")}
    )
    return entry


def change_picklist(tenant: Tenant, entity: str, field: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Change one value: ``{"value": "3", "isActive": false, "label": "..."}``; a new value is added."""
    found = contract.find(entity)
    named = found.find(field) if found else None
    if found is None or named is None or not named.picklist:
        raise ValueError(f"{entity}.{field} is no picklist")
    with tenant.store:
        entry = _picklist_value(
            tenant.picklists.setdefault(found.name, {}).setdefault(named.name, []), wanted
        )
        tenant.remember()
    return entry


def define_field(tenant: Tenant, entity: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Add a user-defined field, as an administrator of Autotask does: ``{"name": "Account Manager"}``.

    With ``"required": true``, records without it are refused from then on.
    """
    found = contract.find(entity)
    if found is None:
        raise ApiError(404, f"There is no entity {entity}.")
    name = wanted["name"]
    with tenant.store:
        names = tenant.udfs.setdefault(found.name, [])
        taken = {other.lower() for other in (*names, *found.fields)}
        if not isinstance(name, str) or not 1 <= len(name.strip()) <= LONGEST_NAME or name.lower() in taken:
            raise ValueError(f"name must be new text of at most {LONGEST_NAME} characters")
        names.append(name.strip())
        if wanted.get("required") is True:
            tenant.required_udfs.setdefault(found.name, []).append(name.strip())
        if found.name in contract.WEBHOOKS:
            numbers = tenant.picklists[f"{contract.WEBHOOKS[found.name]}UdfFields"]["udfFieldID"]
            _picklist_value(numbers, {"value": str(len(names)), "label": name.strip()})
        tenant.remember()
    return {"entity": found.name, "names": names}


def change(tenant: Tenant, name: str, number: int, fields: dict[str, Any]) -> Record:
    """Change fields of a record, also such as the API cannot. Raises ApiError, and ValueError for wrong fields."""
    with tenant.store:
        entity, old = _there(tenant, name, number)
        changed = {**old, **seed.complete_partial(entity.name, fields), "id": number}
        tenant.store.put(entity.name, changed)
        changes.follow_up(tenant, entity.name, "Update", old, changed, _somebody(tenant))
        return without_data(changed)


def delete(tenant: Tenant, name: str, number: int) -> None:
    """Delete a record. Raises ApiError."""
    with tenant.store:
        _take_out(tenant, *_there(tenant, name, number))


def _there(tenant: Tenant, name: str, number: int) -> tuple[Entity, Record]:
    entity = contract.find(name)
    if entity is None:
        raise ApiError(404, f"There is no entity {name}.")
    record = tenant.store.table(entity.name).rows.get(number)
    if record is None:
        raise ApiError(404, f"{entity.name} has no record {number}.")
    return entity, record


def _take_out(tenant: Tenant, entity: Entity, record: Record) -> None:
    """Delete a record with what is written below it, as a quote takes its items along."""
    for child in contract.entities().values():
        if child.parent and child.parent.entity == entity.name:
            for row in tenant.store.table(child.name).where(child.parent.key, record["id"]):
                _take_out(tenant, child, row)
    tenant.store.remove(entity.name, record["id"])
    changes.follow_up(tenant, entity.name, "Delete", record, None, _somebody(tenant))


def _somebody(tenant: Tenant) -> int | None:
    """A person who works in Autotask, rather than the API user."""
    return next(
        (row["id"] for row in tenant.store.table("Resources").rows.values() if row["id"] != tenant.person),
        None,
    )
