"""Records, quotes and calls as people read them, without HTML."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox import amounts, contract
from sandbox.calls import CallLog
from sandbox.contract import Entity
from sandbox.query import Record
from sandbox.tenants import Tenant
from sandbox.values import SURROGATE

# The columns of a list, after the title.
COLUMNS: dict[str, tuple[str, ...]] = {
    "BillingCodes": ("useType", "isActive"),
    "Companies": ("companyType", "phone", "ownerResourceID", "isActive"),
    "CompanyLocations": ("companyID", "city"),
    "Contacts": ("companyID", "emailAddress", "isActive"),
    "Countries": ("countryCode",),
    "Opportunities": ("companyID", "status", "stage", "amount"),
    "OpportunityAttachments": ("opportunityID", "fullPath", "fileSize"),
    "Products": ("sku", "productCategory", "unitCost", "unitPrice", "isActive"),
    "ProductVendors": ("productID", "vendorID", "vendorCost"),
    "QuoteItems": ("quoteID", "quoteItemType", "quantity", "unitPrice"),
    "QuoteLocations": ("city", "state", "postalCode"),
    "Quotes": ("opportunityID", "externalQuoteNumber", "primaryQuote"),
    "Resources": ("email", "isActive"),
    "Roles": ("hourlyRate", "isActive"),
    "ServiceBundles": ("periodType", "unitPrice"),
    "Services": ("periodType", "unitCost", "unitPrice"),
    "Taxes": ("taxRegionID", "taxCategoryID", "taxRate"),
}
LISTED = 100
MONEY = re.compile("price|cost|amount|revenue|discount|msrp", re.IGNORECASE)


@dataclass(frozen=True)
class FieldView:
    """One field's value: its text, and the record it links to."""

    name: str
    text: str
    entity: str = ""
    number: int | None = None
    numeric: bool = False


def title(record: Record) -> str:
    """The most telling field of a record."""
    for name in ("title", "companyName", "name", "taxName", "displayName", "address1", "city"):
        if record.get(name):
            return str(record[name])
    return f"{record.get('firstName') or ''} {record.get('lastName') or ''}".strip() or f"#{record['id']}"


def money(value: Any) -> str:
    """An amount with two decimals and thousands."""
    return "–" if value is None else f"{Decimal(str(value)):,.2f}"


def number(value: Any) -> str:
    """A number without trailing zeros."""
    return "–" if value is None else f"{Decimal(str(value)).normalize():,f}"


def price(value: Any) -> str:
    """A price with two decimals, or more if it has more."""
    if value is None:
        return "–"
    exact = Decimal(str(value)).normalize()
    return f"{exact:,.2f}" if int(exact.as_tuple().exponent) > -3 else f"{exact:,f}"


def label(tenant: Tenant, entity: str, field: str, value: Any) -> str:
    """A picklist value's label, or the value itself."""
    values = tenant.picklists.get(entity, {}).get(field, [])
    return next((str(one["label"]) for one in values if one["value"] == str(value)), str(value))


def field(tenant: Tenant, entity: Entity, record: Record, name: str) -> FieldView:
    """A field as a person reads it: labels for picklists, names for references."""
    about, value = entity.fields[name], record.get(name)
    if value is None:
        return FieldView(name, "")
    if about.reference:
        other = tenant.store.table(about.reference).rows.get(value)
        return FieldView(name, title(other) if other else f"{value} (doesn't exist)", about.reference, value)
    if about.picklist:
        return FieldView(name, label(tenant, entity.name, name, value))
    if about.type == "boolean":
        return FieldView(name, "yes" if value else "no")
    if about.type == "decimal":
        shown = price(value) if MONEY.search(name) else number(value)
        return FieldView(name, shown, numeric=True)
    if about.type == "bytes":
        return FieldView(name, "content")
    if about.type == "datetime":
        return FieldView(name, f"{value[:10]} {value[11:19]} UTC")
    return FieldView(name, str(value))


def fields(tenant: Tenant, entity: Entity, record: Record) -> list[FieldView]:
    """Every field with a value, and the user-defined fields."""
    own = [field(tenant, entity, record, name) for name in entity.fields if record.get(name) is not None]
    udfs = [FieldView(udf["name"], str(udf["value"])) for udf in record.get("userDefinedFields") or []]
    return own + udfs


def rows(tenant: Tenant, entity: Entity, wanted: str) -> tuple[list[dict[str, Any]], int]:
    """The newest records with every word of ``wanted``, as list rows, and the number of all matches."""
    records = sorted(tenant.store.table(entity.name).rows.values(), key=lambda one: -one["id"])
    words = wanted.casefold().split()
    if words:
        records = [one for one in records if _holds(one, words)]
    columns = COLUMNS.get(entity.name, ())
    shown = [
        {
            "id": one["id"],
            "title": title(one),
            "columns": [field(tenant, entity, one, name) for name in columns],
        }
        for one in records[:LISTED]
    ]
    return shown, len(records)


def _holds(record: Record, words: list[str]) -> bool:
    text = " ".join(str(value) for value in record.values() if value is not None).casefold()
    return all(word in text for word in words)


def related(tenant: Tenant, entity: str, number_: int) -> list[dict[str, Any]]:
    """Records that refer to this record, by entity and field."""
    found = []
    for other in contract.entities().values():
        for about in other.fields.values():
            if about.reference != entity:
                continue
            records = tenant.store.table(other.name).where(about.name, number_)
            if records:
                newest = [(one["id"], title(one)) for one in reversed(records[-20:])]
                found.append(
                    {"entity": other.name, "field": about.name, "count": len(records), "rows": newest}
                )
    return found


def tenants(all_of_them: list[Tenant], strays: CallLog) -> dict[str, Any]:
    """The first page: each tenant, and the newest calls without a tenant."""
    return {
        "tenants": [
            {"code": one.code, "user": one.user, "seed": one.seed_name, "calls": one.log.sequence}
            for one in all_of_them
        ],
        "strays": [{**call(one), "sentence": _sentence(one)} for one in reversed(strays.since(last=20))],
    }


def _sentence(entry: dict[str, Any]) -> str:
    """Why a call was refused."""
    try:
        return " ".join(json.loads(entry["response"]).get("errors", []))
    except ValueError:  # the answer is no longer kept
        return ""


def counts(tenant: Tenant) -> list[tuple[str, int]]:
    """Every entity and its number of records, empty entities last."""
    listed = [(name, len(tenant.store.table(name).rows)) for name in sorted(contract.entities())]
    return sorted(listed, key=lambda entry: entry[1] == 0)


def opportunities(tenant: Tenant) -> list[dict[str, Any]]:
    """The opportunities that changed last, in brief."""
    records = tenant.store.table("Opportunities").rows.values()
    newest = sorted(records, key=lambda one: (str(one.get("lastActivity") or ""), one["id"]), reverse=True)
    return [opportunity(tenant, record) for record in newest[:50]]


def opportunity(tenant: Tenant, record: Record) -> dict[str, Any]:
    """An opportunity with its quotes and files."""
    quotes = tenant.store.table("Quotes").where("opportunityID", record["id"])
    buckets = [(name, record[revenue], record[cost]) for name, (revenue, cost) in amounts.BUCKETS.items()]
    return {
        "record": record,
        "status": label(tenant, "Opportunities", "status", record["status"]),
        "stage": label(tenant, "Opportunities", "stage", record["stage"]),
        "company": tenant.store.table("Companies").rows.get(record["companyID"]),
        "contact": tenant.store.table("Contacts").rows.get(record["contactID"]),
        "owner": tenant.store.table("Resources").rows.get(record["ownerResourceID"]),
        "buckets": [bucket for bucket in buckets if bucket[1] or bucket[2]],
        "quotes": [quote(tenant, one) for one in quotes],
        "files": [
            without_content(one)
            for one in tenant.store.table("OpportunityAttachments").where("opportunityID", record["id"])
        ],
    }


def without_content(record: Record) -> Record:
    """The record without a file's content, which may be large; pages only show whether there is any."""
    return {**record, "data": True} if record.get("data") else record


def quote(tenant: Tenant, record: Record) -> dict[str, Any]:
    """A quote with its lines in order and its totals by period."""
    items = tenant.store.table("QuoteItems").where("quoteID", record["id"])
    items.sort(key=lambda item: (item["sortOrderID"] or 0, item["id"]))
    totals: dict[str, Decimal] = {}
    tax = Decimal(0)
    lines = []
    for item in items:
        period, amount = amounts.period_of(tenant, item), amounts.net(item)
        if not item["isOptional"]:
            totals[period] = totals.get(period, Decimal(0)) + amount
            tax += Decimal(item["totalEffectiveTax"] or 0)
        kind = label(tenant, "QuoteItems", "quoteItemType", item["quoteItemType"])
        lines.append(
            {"record": item, "kind": kind, "period": period, "net": amount, "discount": _discount(item)}
        )
    return {
        "record": record,
        "lines": lines,
        "totals": [(period, totals[period]) for period in amounts.BUCKETS if period in totals],
        "tax": tax,
    }


def _discount(item: Record) -> str:
    if item["unitDiscount"]:
        return f"{price(item['unitDiscount'])} per unit"
    if item["percentageDiscount"]:
        return f"{number(item['percentageDiscount'])} %"
    return price(item["lineDiscount"]) if item["lineDiscount"] else ""


def calls(tenant: Tenant) -> list[dict[str, Any]]:
    """The newest calls first."""
    return [call(one) for one in reversed(tenant.log.since(last=LISTED))]


def call(entry: dict[str, Any]) -> dict[str, Any]:
    """A logged call with its outcome, short path and time."""
    status = entry["status"]
    outcome = "cut" if not status else "refused" if status >= 400 else "done"
    return {
        **entry,
        "short": _behind_version(entry["path"]),
        "outcome": outcome,
        "at": datetime.fromtimestamp(entry["time"], UTC).strftime("%H:%M:%S"),
    }


def _behind_version(path: str) -> str:
    address, _, search = path.partition("?")
    place = address.lower().find("/v1.0/")
    return address[place + 5 if place >= 0 else 0 :] + (" ?…" if search else "")


def pretty(text: str) -> str:
    """JSON indented for reading; other text as it is."""
    try:
        indented = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
    return SURROGATE.sub("\ufffd", indented)  # no page could carry half a character
