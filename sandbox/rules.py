"""What Autotask refuses, and what it fills in, beyond the types of the fields."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox import contract, dialect, webhooks
from sandbox.contract import Entity, Field
from sandbox.errors import NO_REASON, NO_REASON_ID, ApiError, invalid
from sandbox.query import Record
from sandbox.tenants import Tenant
from sandbox.values import coerce, now, user_defined

ITEM_REFERENCES = {
    "productID": "Product",
    "chargeID": "Cost",
    "laborID": "Labor",
    "expenseID": "Expense",
    "shippingID": "Shipping",
    "serviceID": "Service",
    "serviceBundleID": "Service Bundle",
}
DISCOUNTS = ("unitDiscount", "percentageDiscount", "lineDiscount")

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
    extra = EXTRA.get(entity.name)
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
            return [_unknown(field.reference, value, field.name)]
        if row.get("isActive") in (False, 0):
            kind = contract.entities()[field.reference].singular
            sentence = dialect.sentence(tenant.dialect, "inactiveReference", field=field.name, kind=kind)
            return [sentence] if sentence else []
    return []


def _unknown(entity: str, value: Any, field: str) -> str:
    return f"Unable to find {entity} {value} named by the field {field}."


def _contact(tenant: Tenant, record: Record, old: Record | None) -> None:
    if old is not None and record["companyID"] != old["companyID"]:
        raise invalid("A contact belongs to one company; companyID cannot be changed.")


def _opportunity(tenant: Tenant, record: Record, old: Record | None) -> None:
    if not 0 <= record["probability"] <= 100:
        raise invalid("The field probability must be between 0 and 100.")
    contact = tenant.store.table("Contacts").rows.get(record.get("contactID") or 0)
    if contact and contact["companyID"] != record["companyID"]:
        raise invalid("The contact does not belong to the company of the opportunity.")


def _quote(tenant: Tenant, record: Record, old: Record | None) -> None:
    opportunity = tenant.store.table("Opportunities").rows.get(record["opportunityID"])
    if opportunity is None:  # somebody deleted it
        raise invalid(_unknown("Opportunities", record["opportunityID"], "opportunityID"))
    if old is not None and record["opportunityID"] != old["opportunityID"]:
        raise invalid("A quote belongs to one opportunity; opportunityID cannot be changed.")
    record["companyID"] = opportunity["companyID"]
    contact = tenant.store.table("Contacts").rows.get(record.get("contactID") or 0)
    if contact and contact["companyID"] != record["companyID"]:
        raise invalid("The contact does not belong to the company of the quote.")
    if record["expirationDate"] < record["effectiveDate"]:
        raise invalid("The expirationDate must not lie before the effectiveDate.")
    others = tenant.store.table("Quotes").where("opportunityID", record["opportunityID"])
    if old is None:
        record["quoteNumber"] = record["id"]
        if record.get("primaryQuote") is None:
            record["primaryQuote"] = not others
    elif old["primaryQuote"] and not record["primaryQuote"] and len(others) > 1:
        raise invalid(
            "An opportunity with several quotes must have one primary quote; make another one primary."
        )


def _quote_item(tenant: Tenant, record: Record, old: Record | None) -> None:
    if record.get("sortOrderID") is None and old is None:
        # Seen by integrators: a create without a sort order is a 500 that gives no reason.
        raise ApiError(500, *NO_REASON, errorId=NO_REASON_ID)
    if old is not None and record["quoteID"] != old["quoteID"]:
        raise invalid("A quote item belongs to one quote; quoteID cannot be changed.")
    types = tenant.picklists["QuoteItems"]["quoteItemType"]
    label = next((one["label"] for one in types if one["value"] == str(record["quoteItemType"])), "")
    named = [name for name in ITEM_REFERENCES if record.get(name) is not None]
    if label == "Discount":
        if named:
            raise invalid("A discount item must not name a product, service or any other item.")
    elif len(named) != 1:
        raise invalid(f"Exactly one of {', '.join(ITEM_REFERENCES)} must be set on a quote item.")
    elif ITEM_REFERENCES[named[0]] != label:
        raise invalid(f"The quoteItemType {label} does not agree with the field {named[0]}.")
    if sum(record[name] > 0 for name in DISCOUNTS) > 1:
        raise invalid("Only one of unitDiscount, percentageDiscount and lineDiscount may be above 0.")
    if any(record[name] < 0 for name in DISCOUNTS):
        raise invalid("A discount must not be negative.")
    if record["percentageDiscount"] > 100:
        raise invalid("The field percentageDiscount must not exceed 100.")
    _same_service(tenant, record)


def _same_service(tenant: Tenant, record: Record) -> None:
    sentence = dialect.sentence(tenant.dialect, "sameService", number=record.get("serviceID"))
    if not sentence or record.get("serviceID") is None:
        return
    items = tenant.store.table("QuoteItems").where("quoteID", record["quoteID"])
    others = [
        item for item in items if item["id"] != record["id"] and item["serviceID"] == record["serviceID"]
    ]
    if len(others) > 1:
        raise invalid(sentence)


def _service(tenant: Tenant, record: Record, old: Record | None) -> None:
    same = tenant.store.table("Services").where("name", record["name"])
    if any(other["id"] != record["id"] for other in same):
        raise invalid(
            "Violation of UNIQUE KEY constraint 'IX_service'. Cannot insert duplicate key in object 'dbo.service'. "
            f"The duplicate key value is ({record['name']})."
        )


def _attachment(tenant: Tenant, record: Record, old: Record | None) -> None:
    data = record.get("data") or ""
    if not data and record["attachmentType"] == "FILE_ATTACHMENT":
        raise invalid("Missing Required Field: data.")
    size = len(base64.b64decode(data))
    if size > tenant.attachment_bytes:
        raise invalid(f"The attachment exceeds the maximum size of {tenant.attachment_bytes} bytes.")
    moment = time.monotonic()
    tenant.attachment_log[:] = [entry for entry in tenant.attachment_log if entry[0] > moment - 300]
    taken = sum(entry[1] for entry in tenant.attachment_log)
    if moment >= tenant.attachments_closed_until and taken + size > tenant.attachment_rate_bytes:
        # Whoever goes over the limit has every attachment refused for five minutes.
        tenant.attachments_closed_until = moment + 300
    if moment < tenant.attachments_closed_until:
        limit = tenant.attachment_rate_bytes
        raise invalid(dialect.sentence(tenant.dialect, "attachmentLimit", limit=limit))
    tenant.attachment_log.append((moment, size))
    record["fileSize"] = size
    record["parentID"] = record["opportunityID"]
    extension = str(record["fullPath"]).rsplit(".", 1)[-1].lower()
    record["contentType"] = {"pdf": "application/pdf", "png": "image/png", "txt": "text/plain"}.get(
        extension, "application/octet-stream"
    )


def _webhook(entity: str, tenant: Tenant, record: Record, old: Record | None) -> None:
    if not str(record["webhookUrl"]).startswith(("http://", "https://")):
        raise invalid("The field webhookUrl must be an address.")
    if not record.get("webhookGUID"):
        record["webhookGUID"] = str(uuid.uuid4())
    record["isReady"] = webhooks.is_ready(tenant, entity, record)


Extra = Callable[[Tenant, Record, Record | None], None]
EXTRA: dict[str, Extra] = {
    "Contacts": _contact,
    "Opportunities": _opportunity,
    "Quotes": _quote,
    "QuoteItems": _quote_item,
    "Services": _service,
    "OpportunityAttachments": _attachment,
    "CompanyWebhooks": partial(_webhook, "CompanyWebhooks"),
    "ContactWebhooks": partial(_webhook, "ContactWebhooks"),
}
