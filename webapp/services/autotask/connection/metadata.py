"""Picklists and reference lists of the connected Autotask, cached in the database.

A list is fetched when it is first needed, when it is older than a day, or when somebody asks for it on the settings
page. When Autotask cannot be asked, what is cached serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.exc import IntegrityError

from webapp.models import RemoteMetadata, db, utc_now
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.api.client import Client, condition
from webapp.services.autotask.api.errors import AutotaskError, ConnectionRefused, NotConnected
from webapp.services.autotask.connection import connection
from webapp.services.core.runtime import Runtime

MAX_AGE = timedelta(hours=24)
AT_ONCE = 6
# The worker reads all lists anew at this age, so that a person seldom waits for one.
RENEWED_AFTER = timedelta(hours=20)

# name: entity, fields that make the label, further fields kept, filters
_REFERENCES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], tuple[dict[str, Any], ...]]] = {
    "BillingCodes": ("BillingCodes", ("name",), ("useType",), ()),
    "Roles": ("Roles", ("name",), ("hourlyRate",), ()),
    "Resources": ("Resources", ("firstName", "lastName"), ("email",), ()),
    "TaxCategories": ("TaxCategories", ("name",), (), ()),
    "TaxRegions": ("TaxRegions", ("name",), (), ()),
    "ShippingTypes": ("ShippingTypes", ("name",), (), ()),
    "PaymentTerms": ("PaymentTerms", ("name",), (), ()),
    "QuoteTemplates": ("QuoteTemplates", ("name",), (), ()),
    "ClassificationIcons": ("ClassificationIcons", ("name",), (), ()),
    "Countries": ("Countries", ("name",), ("countryCode", "displayName"), ()),
}
REFERENCES = (*_REFERENCES, "Vendors")
PICKLISTS = (
    "Companies",
    "Contacts",
    "Opportunities",
    "OpportunityAttachments",
    "Products",
    "Quotes",
    "QuoteItems",
    "QuoteLocations",
    "Services",
    "ServiceBundles",
    "BillingCodes",
)


NAMES = (
    *(f"fields:{entity}" for entity in PICKLISTS),
    *(f"reference:{name}" for name in REFERENCES),
    "reference:Taxes",
)


@dataclass(frozen=True)
class Choice:
    """One value to choose. ``parent``: the value above it, for nested picklists."""

    value: int
    label: str
    is_active: bool = True
    is_default: bool = False
    parent: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def picklist(runtime: Runtime, entity: str, field_name: str) -> list[Choice]:
    """The values of a picklist field, in Autotask's order; empty when the field is none.

    Values that are no whole numbers are left out. Raises NotConnected or AutotaskError when nothing is cached and
    Autotask cannot be asked.
    """
    for entry in fields(runtime, entity):
        if entry["name"].lower() == field_name.lower():
            return [
                _choice(value) for value in entry.get("picklistValues") or [] if _whole(value.get("value"))
            ]
    return []


def fields(runtime: Runtime, entity: str) -> list[dict[str, Any]]:
    """The entity's fields as Autotask describes them. Raises like ``picklist``."""
    return list(_cached(runtime, f"fields:{entity}"))


def field_length(runtime: Runtime, entity: str, field_name: str) -> int:
    """The most characters that a text field takes; 0 when unknown."""
    for entry in fields(runtime, entity):
        if entry["name"].lower() == field_name.lower():
            return int(entry.get("length") or 0)
    return 0


def reference(runtime: Runtime, name: str) -> list[Choice]:
    """A reference list (one of ``REFERENCES``), by label. Raises like ``picklist``."""
    rows = _cached(runtime, f"reference:{name}")
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
    rows = _cached(runtime, "reference:Taxes")
    return [{**row, "rate": Decimal(row["rate"])} for row in rows]


def tax_rates(taxes: list[dict[str, Any]]) -> dict[tuple[int, int], Decimal]:
    """What the taxes (as from ``taxes``) of each region and category add up to, in percent."""
    rates: dict[tuple[int, int], Decimal] = {}
    for tax in taxes:
        place = (tax["region_id"], tax["category_id"])
        rates[place] = rates.get(place, Decimal(0)) + Decimal(tax["rate"])
    return rates


def due(since: datetime) -> list[str]:
    """Names (of ``NAMES``) of the lists that were never read, or last before ``since``."""
    query = db.select(RemoteMetadata.name).where(
        RemoteMetadata.integration == AUTOTASK, RemoteMetadata.fetched_at >= since
    )
    fresh = set(db.session.scalars(query))
    return [name for name in NAMES if name not in fresh]


def unread() -> list[str]:
    """Names of the lists that were never read."""
    return due(connection.LONG_AGO)


def refresh(runtime: Runtime, names: Sequence[str] = NAMES) -> None:
    """Fetch these lists anew, some at a time, each kept as it comes.

    Raises NotConnected, ConnectionRefused or AutotaskError for the first that cannot be had; what was cached stays.
    """
    client = connection.open_client(runtime)
    db.session.commit()  # no transaction stays open while Autotask is asked
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        coming = [(name, pool.submit(_fetch, client, name)) for name in names]
    failed: AutotaskError | None = None
    for name, future in coming:
        try:
            _store(name, future.result())
        except AutotaskError as error:
            failed = failed or error
    db.session.commit()
    if failed is not None:
        raise failed


def renew_reference(runtime: Runtime, name: str) -> None:
    """Fetch one reference list anew, by one call where it has at most 500 entries. Raises like ``refresh``."""
    refresh(runtime, [f"reference:{name}"])


def is_stale() -> bool:
    """True when a list was never read or is about to be too old, so that somebody would have to wait for it."""
    names = {f"fields:{entity}" for entity in PICKLISTS} | {
        f"reference:{name}" for name in (*REFERENCES, "Taxes")
    }
    fresh = db.select(RemoteMetadata.name).where(
        RemoteMetadata.integration == AUTOTASK, RemoteMetadata.fetched_at > utc_now() - RENEWED_AFTER
    )
    return not names <= set(db.session.scalars(fresh))


def fetched_at() -> datetime | None:
    """When the oldest cached list was fetched; None when nothing is cached, or not since connecting anew."""
    query = db.select(db.func.min(RemoteMetadata.fetched_at)).where(RemoteMetadata.integration == AUTOTASK)
    oldest: datetime | None = db.session.scalar(query)
    return oldest if oldest != connection.LONG_AGO else None


def _cached(runtime: Runtime, name: str) -> Any:
    row = db.session.get(RemoteMetadata, (AUTOTASK, name))
    if row is not None and (runtime.offline or row.fetched_at > utc_now() - MAX_AGE):
        return row.content
    if runtime.offline:
        raise NotConnected(
            "They were not read yet; the first push reads them, or an admin under Settings > Integrations."
        )
    try:
        refresh(runtime, [name])
    except (AutotaskError, NotConnected, ConnectionRefused):
        if row is None:
            raise
    found = db.session.get_one(RemoteMetadata, (AUTOTASK, name))
    return found.content


def _fetch(client: Client, name: str) -> Any:
    kind, _, which = name.partition(":")
    if kind == "fields":
        return client.fields(which)
    return _fetch_taxes(client) if which == "Taxes" else _fetch_reference(client, which)


def _store(name: str, content: Any) -> None:
    plain = _plain(content)
    row = db.session.get(RemoteMetadata, (AUTOTASK, name))
    if row is None:
        try:
            with db.session.begin_nested():
                db.session.add(RemoteMetadata(integration=AUTOTASK, name=name, content=plain))
        except IntegrityError:
            # Another tab or the worker has read this list for the first time at the same moment.
            row = db.session.get_one(RemoteMetadata, (AUTOTASK, name), populate_existing=True)
    if row is not None:
        row.content, row.fetched_at = plain, utc_now()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value


def _whole(value: Any) -> bool:
    text = str(value)
    return text.removeprefix("-").isdigit()


def _choice(value: dict[str, Any]) -> Choice:
    parent = value.get("parentValue")
    return Choice(
        value=int(value["value"]),
        label=str(value.get("label") or value["value"]),
        is_active=value.get("isActive") is not False,
        is_default=bool(value.get("isDefaultValue")),
        parent=int(str(parent)) if _whole(parent) else None,
    )


def _fetch_reference(client: Client, name: str) -> list[dict[str, Any]]:
    if name == "Vendors":
        return _fetch_vendors(client)
    entity, labels, extras, filters = _REFERENCES[name]
    rows = client.query(entity, list(filters) or [condition("gte", "id", 0)])
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
    """Companies of the type that Autotask labels as vendor; none when there is no such type."""
    types = [
        int(value["value"])
        for entry in client.fields("Companies")
        if entry["name"].lower() == "companytype"
        for value in entry.get("picklistValues") or []
        if "vendor" in str(value.get("label")).lower() and _whole(value["value"])
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
