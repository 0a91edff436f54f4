"""What the connected Autotask's lists say: picklists, records that a field refers to, fields and taxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from webapp.services.autotask.connection import stored_lists
from webapp.services.autotask.connection.fetch_lists import is_whole
from webapp.services.core.runtime import Runtime

# The entity that a reference field names, as Autotask writes it, and our list of its records.
LISTS = {
    "BillingCode": "BillingCodes",
    "ClassificationIcon": "ClassificationIcons",
    "Country": "Countries",
    "PaymentTerm": "PaymentTerms",
    "QuoteTemplate": "QuoteTemplates",
    "Resource": "Resources",
    "Role": "Roles",
    "ShippingType": "ShippingTypes",
    "TaxCategory": "TaxCategories",
    "TaxRegion": "TaxRegions",
}
# Fields that name one of the companies in our list of vendors.
VENDOR_FIELDS = ("defaultVendorID", "vendorCompanyID")


@dataclass(frozen=True)
class Choice:
    """One value of a list. ``parent``: the value above it, in a nested picklist."""

    value: int
    label: str
    is_active: bool = True
    is_default: bool = False
    parent: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def picklist(runtime: Runtime, entity: str, field_name: str) -> list[Choice]:
    """The values of a picklist field, in Autotask's order; empty when it isn't a picklist.

    Skips values that aren't whole numbers. Raises NotConnected or AutotaskError when nothing is cached and Autotask is
    unavailable.
    """
    for entry in fields(runtime, entity):
        if entry["name"].lower() == field_name.lower():
            return [
                _choice(value) for value in entry.get("picklistValues") or [] if is_whole(value.get("value"))
            ]
    return []


def active_opportunities(runtime: Runtime) -> list[int]:
    """The values of an opportunity's status that mean Active. Raises like ``picklist``."""
    statuses = picklist(runtime, "Opportunities", "status")
    return [status.value for status in statuses if status.label.strip().lower() == "active"]


def values(runtime: Runtime, entity: str, field_name: str, records: str = "") -> list[Choice]:
    """The values that a field takes: of its picklist or of the records that it refers to, whichever Autotask says.

    ``records``: the reference list for a field of which Autotask says neither. Raises like ``picklist``.
    """
    named = (entry for entry in fields(runtime, entity) if entry["name"].lower() == field_name.lower())
    entry = next(named, {})
    if entry.get("isPickList"):
        return picklist(runtime, entity, field_name)
    name = list_of(entry) or records
    return reference(runtime, name) if name else []


def list_of(entry: Mapping[str, Any]) -> str:
    """The reference list of a field, as Autotask describes it; empty for a picklist, and without such a list."""
    if entry.get("name") in VENDOR_FIELDS:
        return "Vendors"
    kind = "" if entry.get("isPickList") else str(entry.get("referenceEntityType") or "")
    return LISTS.get(kind) or (kind if kind in LISTS.values() else "")


def fields(runtime: Runtime, entity: str) -> list[dict[str, Any]]:
    """The entity's fields as Autotask describes them. Raises like ``picklist``."""
    return list(stored_lists.content(runtime, f"fields:{entity}"))


def user_defined_fields(entity: str) -> list[dict[str, Any]]:
    """The entity's user-defined fields that can be written, as last read; empty when they never were."""
    return known_user_defined_fields(entity) or []


def known_user_defined_fields(entity: str) -> list[dict[str, Any]] | None:
    """Like ``user_defined_fields``; None when they were never read."""
    row = stored_lists.row_of(f"udfs:{entity}") if entity in stored_lists.USER_DEFINED else None
    return [entry for entry in row.content if not entry.get("isReadOnly")] if row else None


def field_length(runtime: Runtime, entity: str, field_name: str) -> int:
    """The maximum length of a text field; 0 when unknown."""
    for entry in fields(runtime, entity):
        if entry["name"].lower() == field_name.lower():
            return int(entry.get("length") or 0)
    return 0


def reference(runtime: Runtime, name: str) -> list[Choice]:
    """A reference list (one of ``REFERENCES``), by label. Raises like ``picklist``."""
    rows = stored_lists.content(runtime, f"reference:{name}")
    choices = [
        Choice(value=row["id"], label=row["label"], is_active=row["active"], extra=row["extra"])
        for row in rows
    ]
    if name == "BillingCodes":
        uses = {choice.value: choice.label for choice in picklist(runtime, "BillingCodes", "useType")}
        choices = [
            Choice(
                c.value,
                c.label,
                c.is_active,
                extra={**c.extra, "useType": uses.get(c.extra.get("useType") or -1, "")},
            )
            for c in choices
        ]
    return sorted(choices, key=lambda choice: choice.label.casefold())


def taxes(runtime: Runtime) -> list[dict[str, Any]]:
    """Autotask's taxes: ``{"region_id", "category_id", "name", "rate"}``, the rate as Autotask gives it."""
    rows = stored_lists.content(runtime, "reference:Taxes")
    return [{**row, "rate": Decimal(row["rate"])} for row in rows]


def tax_rates(taxes: list[dict[str, Any]]) -> dict[tuple[int, int], Decimal]:
    """The sum of the taxes (from ``taxes``) of each region and category, in percent."""
    rates: dict[tuple[int, int], Decimal] = {}
    for tax in taxes:
        key = (tax["region_id"], tax["category_id"])
        rates[key] = rates.get(key, Decimal(0)) + Decimal(tax["rate"])
    return rates


def _choice(value: dict[str, Any]) -> Choice:
    parent = value.get("parentValue")
    return Choice(
        value=int(value["value"]),
        label=str(value.get("label") or value["value"]),
        is_active=value.get("isActive") is not False,
        is_default=bool(value.get("isDefaultValue")),
        parent=int(str(parent)) if is_whole(parent) else None,
    )
