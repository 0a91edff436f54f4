"""How records and entities look on the wire."""

from __future__ import annotations

from typing import Any

from sandbox import contract, dialect
from sandbox.contract import Entity, Field
from sandbox.query import Record
from sandbox.tenants import Tenant
from sandbox.values import UDF_LENGTH

DATA_TYPES = {
    "integer": "integer",
    "decimal": "decimal",
    "boolean": "boolean",
    "datetime": "datetime",
    "string": "string",
    "bytes": "byte[]",
}


def wire(
    tenant: Tenant, entity: Entity, record: Record, include: list[str], *, whole: bool = False
) -> dict[str, Any]:
    """A record as JSON. ``include`` narrows it (the id is always there); ``whole`` shows attachment data too."""
    if include:
        names = ["id", *(name for name in include if name in entity.fields)]
        shown = {name: record.get(name) for name in names}
    else:
        shown = {**entity.blank, **record}
    if not whole:
        shown.update({name: None for name in entity.hidden if name in shown})
    udfs = [name for name in tenant.udfs.get(entity.name, []) if not include or name in include]
    values = {udf["name"].lower(): udf["value"] for udf in record.get("userDefinedFields") or []}
    shown["userDefinedFields"] = [{"name": name, "value": values.get(name.lower())} for name in udfs]
    return dialect.record(tenant.dialect, entity, shown)


def document(tenant: Tenant, entity: Entity, kind: str) -> dict[str, Any]:
    """The answer of ``entityInformation`` and what lies under it."""
    if kind.endswith("userdefinedfields"):
        return {"fields": [_udf(tenant, entity, name) for name in tenant.udfs.get(entity.name, [])]}
    if kind.endswith("fields"):
        missing = dialect.spoken(tenant.dialect, "readOnlyFields") == "missing"
        return {
            "fields": [
                _field(tenant, entity, dialect.field_of(tenant.dialect, entity, field))
                for field in entity.fields.values()
                if field.name == "id" or not (missing and field.read_only)
            ]
        }
    return {"info": _information(tenant, entity)}


def _information(tenant: Tenant, entity: Entity) -> dict[str, Any]:
    allowed = tenant.permissions.get(entity.name)

    def access(verb: str, possible: bool) -> str:
        return "All" if possible and (allowed is None or verb in allowed) else "None"

    return {
        "name": entity.singular,
        "canCreate": entity.can_create,
        "canDelete": entity.can_delete,
        "canQuery": True,
        "canUpdate": entity.can_update,
        "userAccessForCreate": access("create", entity.can_create),
        "userAccessForDelete": access("delete", entity.can_delete),
        "userAccessForQuery": access("query", True),
        "userAccessForUpdate": access("update", entity.can_update),
        "hasUserDefinedFields": bool(tenant.udfs.get(entity.name)),
        "supportsWebhookCallouts": entity.name in contract.WEBHOOKS,
    }


def _field(tenant: Tenant, entity: Entity, field: Field) -> dict[str, Any]:
    values = tenant.picklists.get(entity.name, {}).get(field.name) if field.picklist else None
    return {
        "name": field.name,
        "dataType": "long" if field.name == "id" else DATA_TYPES[field.type],
        "length": field.length,
        "isRequired": field.required,
        "isReadOnly": field.read_only,
        "isQueryable": field.queryable,
        "isReference": bool(field.reference),
        "referenceEntityType": contract.entities()[field.reference].singular if field.reference else "",
        "isPickList": field.picklist,
        "picklistValues": dialect.picklist(tenant.dialect, values) if values else values,
        "picklistParentValueField": "",
        "isSupportedWebhookField": entity.name in contract.WEBHOOKS and not field.read_only,
    }


def _udf(tenant: Tenant, entity: Entity, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": name,
        "type": "string",
        "dataType": "string",  # not in the API's own model, but read by clients
        "length": UDF_LENGTH,
        "description": "",
        "isRequired": name in tenant.required_udfs.get(entity.name, []),
        "isReadOnly": False,
        "isQueryable": True,
        "isReference": False,
        "referenceEntityType": "",
        "isPickList": False,
        "picklistValues": None,
        "picklistParentValueField": "",
        "defaultValue": None,
        "isSupportedWebhookField": entity.name in contract.WEBHOOKS,
    }
