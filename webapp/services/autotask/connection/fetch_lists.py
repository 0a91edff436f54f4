"""Fetch lists from Autotask: the fields of an entity with their picklists, reference records, taxes."""

from __future__ import annotations

from typing import Any

from webapp.services.autotask.api.client import Client, condition
from webapp.services.autotask.api.errors import Refused

# Name: the entity, the fields that form the label, further fields that are kept.
REFERENCE_FIELDS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "BillingCodes": ("BillingCodes", ("name",), ("useType",)),
    "Roles": ("Roles", ("name",), ("hourlyRate",)),
    "Resources": ("Resources", ("firstName", "lastName"), ("email",)),
    "TaxCategories": ("TaxCategories", ("name",), ()),
    "TaxRegions": ("TaxRegions", ("name",), ()),
    "ShippingTypes": ("ShippingTypes", ("name",), ()),
    "PaymentTerms": ("PaymentTerms", ("name",), ()),
    "QuoteTemplates": ("QuoteTemplates", ("name",), ()),
    "ClassificationIcons": ("ClassificationIcons", ("name",), ()),
    "Countries": ("Countries", ("name",), ("countryCode", "displayName")),
}


def fetch(client: Client, name: str) -> Any:
    """Fetch the list ``name`` (see ``stored_lists.NAMES``). Raises AutotaskError."""
    kind, _, which = name.partition(":")
    if kind == "fields":
        return client.fields(which)
    if kind == "udfs":
        return client.user_defined_fields(which)
    return _fetch_taxes(client) if which == "Taxes" else _fetch_reference(client, which)


def is_whole(value: Any) -> bool:
    """True for a whole number, also as text."""
    return str(value).removeprefix("-").isdigit()


def _fetch_reference(client: Client, name: str) -> list[dict[str, Any]]:
    if name == "Vendors":
        return _fetch_vendors(client)
    entity, labels, extras = REFERENCE_FIELDS[name]
    try:
        rows = client.query(entity, [condition("gte", "id", 0)])
    except Refused as error:
        if error.status != 404:
            raise
        # This Autotask has no such records: the fields that could refer to them are picklists.
        rows = []
    return [
        {
            "id": int(row["id"]),
            "label": " ".join(str(row.get(part) or "") for part in labels).strip() or f"#{row['id']}",
            "active": row.get("isActive") is not False,
            "extra": {extra: row.get(extra) for extra in extras},
        }
        for row in rows
    ]


def _fetch_vendors(client: Client) -> list[dict[str, Any]]:
    """Companies of the type that Autotask labels as vendor; empty when there is no such type."""
    types = [
        int(value["value"])
        for entry in client.fields("Companies")
        if entry["name"].lower() == "companytype"
        for value in entry.get("picklistValues") or []
        if "vendor" in str(value.get("label")).lower() and is_whole(value["value"])
    ]
    if not types:
        return []
    rows = client.query(
        "Companies", [condition("in", "companyType", types)], fields=["id", "companyName", "isActive"]
    )
    return [
        {
            "id": int(row["id"]),
            "label": str(row["companyName"]),
            "active": row.get("isActive") is not False,
            "extra": {},
        }
        for row in rows
    ]


def _fetch_taxes(client: Client) -> list[dict[str, Any]]:
    rows = client.query("Taxes", [condition("gte", "id", 0)])
    return [
        {
            "region_id": int(row["taxRegionID"]),
            "category_id": int(row["taxCategoryID"]),
            "name": str(row.get("taxName") or ""),
            "rate": str(row.get("taxRate") or 0),
        }
        for row in rows
    ]
