"""What Autotask refuses, and what it fills in, for the records of single entities."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable
from functools import partial

from sandbox import dialect, webhooks
from sandbox.errors import NO_REASON, NO_REASON_ID, ApiError, invalid, unknown
from sandbox.query import Record
from sandbox.tenants import Tenant

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
        raise invalid(unknown("Opportunities", record["opportunityID"], "opportunityID"))
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
