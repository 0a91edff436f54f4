"""What Autotask refuses, and what it fills in, for any record; the rules of single entities are in entity_rules."""

from __future__ import annotations

from typing import Any

from sandbox import contract, dialect, entity_rules
from sandbox.contract import Entity, Field
from sandbox.errors import ApiError, invalid, unknown
from sandbox.query import Record
from sandbox.tenants import Tenant
from sandbox.values import coerce, now, user_defined

DEFAULTS: dict[str, dict[str, Any]] = {
    "Companies": {"isActive": True, "isTaxExempt": False},
    "Contacts": {"isActive": 1},
    "Quotes": {"isActive": True, "primaryQuote": None},
    "QuoteItems": {"isTaxable": None},
    "Products": {"isEligibleForRma": False, "doesNotRequireProcurement": False},
    "Services": {"isActive": True},
    "ServiceBundles": {"isActive": True},
    "CompanyLocations": {"isActive": True, "isPrimary": False},
    "CompanyWebhooks": {"isActive": True},
    "ContactWebhooks": {"isActive": True},
}
CREATED = ("createDate", "createdTime", "attachDate")
CREATED_BY = ("creatorResourceID", "createdByResourceID", "attachedByResourceID")
TOUCHED_BY = ("lastModifiedBy", "updateResourceID")
TOUCHED = ("lastActivityDate", "lastActivity", "lastModifiedDate", "lastTrackedModifiedDateTime")


def read_body(entity: Entity, body: Any) -> Record:
    """The known, writable fields of a body under their proper names. Raises ApiError when it is no object."""
    if not isinstance(body, dict):
        raise ApiError(400, "The request body must be a JSON object.")
    found: Record = {}
    sentences: list[str] = []
    for name, value in body.items():
        field = entity.find(str(name))
        try:
            if str(name).lower() == "userdefinedfields":
                found["userDefinedFields"] = user_defined(value)
            elif field is not None and (not field.read_only or field.name == "id"):
                found[field.name] = coerce(field, value)
        except ApiError as error:
            sentences += error.sentences
    if sentences:
        raise invalid(*sentences)
    return found


def new_record(tenant: Tenant, entity: Entity, given: Record) -> Record:
    """The record that a create would store. Raises ApiError with every sentence that stands against it."""
    record: Record = dict.fromkeys(entity.fields)
    record.update(DEFAULTS.get(entity.name, {}))
    record.update(given)
    record["userDefinedFields"] = _udfs(tenant, entity, [], given)
    record["id"] = tenant.store.table(entity.name).next_id
    _stamp(tenant, entity, record, (*CREATED, *TOUCHED), (*CREATED_BY, *TOUCHED_BY))
    check(tenant, entity, record, None)
    return record


def changed_record(tenant: Tenant, entity: Entity, old: Record, given: Record, *, blank: bool) -> Record:
    """The record that a PATCH, or with ``blank`` a PUT, would store. Raises ApiError."""
    record = dict(old)
    if blank:
        for field in entity.fields.values():
            if not field.read_only:
                record[field.name] = None
    record.update(given)
    before = [] if blank else old.get("userDefinedFields") or []
    record["userDefinedFields"] = _udfs(tenant, entity, before, given)
    _stamp(tenant, entity, record, TOUCHED, TOUCHED_BY)
    check(tenant, entity, record, old)
    return record


def _udfs(tenant: Tenant, entity: Entity, before: list[Record], given: Record) -> list[Record]:
    """User-defined fields after a change: those that are sent, under their proper names, and the others as before."""
    proper = {name.lower(): name for name in tenant.udfs.get(entity.name, [])}
    values = {udf["name"]: udf["value"] for udf in before}
    for udf in given.get("userDefinedFields", []):
        name = proper.get(udf["name"].lower())
        if name is not None:
            values[name] = udf["value"]
    return [{"name": name, "value": value} for name, value in values.items()]


def check_delete(tenant: Tenant, entity: Entity, record: Record) -> None:
    """Raises ApiError where other records name this one; what belongs to it goes with it."""
    sentences = []
    for other in contract.entities().values():
        for field in other.fields.values():
            owned = other.parent is not None and other.parent.key == field.name
            if field.reference != entity.name or owned:
                continue
            count = len(tenant.store.table(other.name).where(field.name, record["id"]))
            if count:
                sentences.append(
                    f"{entity.singular} {record['id']} cannot be deleted: {count} {other.name} name it in {field.name}."
                )
    if sentences:
        raise invalid(*sentences)


def _stamp(
    tenant: Tenant, entity: Entity, record: Record, times: tuple[str, ...], people: tuple[str, ...]
) -> None:
    moment = now()
    record.update({name: moment for name in times if name in entity.fields})
    record.update({name: tenant.person for name in people if name in entity.fields})


def check(tenant: Tenant, entity: Entity, record: Record, old: Record | None) -> None:
    """Everything that must hold. Raises ApiError with all the sentences at once."""
    sentences = []
    for declared in entity.fields.values():
        field = dialect.field_of(tenant.dialect, entity, declared)
        value = record.get(field.name)
        if field.required and not field.read_only and (value is None or value == ""):
            sentences.append(f"Missing Required Field: {field.name}.")
        elif value is not None and (old is None or old.get(field.name) != value):
            sentences += _field_sentences(tenant, entity, field, value)
    filled = {udf["name"] for udf in record.get("userDefinedFields") or [] if udf["value"]}
    required = tenant.required_udfs.get(entity.name, [])
    sentences += [f"Missing Required Field: {name}." for name in required if name not in filled]
    if sentences:
        raise invalid(*sentences)
    extra = entity_rules.EXTRA.get(entity.name)
    if extra:
        extra(tenant, record, old)


def _field_sentences(tenant: Tenant, entity: Entity, field: Field, value: Any) -> list[str]:
    if field.read_only:
        return []
    if field.picklist:
        values = tenant.picklists.get(entity.name, {}).get(field.name)
        entry = next((one for one in values or [] if one["value"] == str(value)), None)
        if values is not None and entry is None:
            return [f"Value {value} does not exist for the field {field.name}."]
        if entry is not None and not entry["isActive"]:
            return [f"The value {value} of the field {field.name} is inactive and cannot be used."]
    if field.reference and field.reference in contract.entities():
        row = tenant.store.table(field.reference).rows.get(value)
        if row is None:
            return [unknown(field.reference, value, field.name)]
        if row.get("isActive") in (False, 0):
            kind = contract.entities()[field.reference].singular
            sentence = dialect.sentence(tenant.dialect, "inactiveReference", field=field.name, kind=kind)
            return [sentence] if sentence else []
    return []
