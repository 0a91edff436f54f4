"""Find the record made by a create whose response was lost.

Autotask has no idempotency key, so each entity is looked up by the fields that identify our record.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from webapp.services.autotask.api.client import Client, Record, condition
from webapp.services.autotask.api.values import is_equal

# Fields that Autotask is asked for, and further fields that must agree. See docs/push.md.
ASKED: dict[str, tuple[str, ...]] = {
    "Companies": ("companyName",),
    "Contacts": ("companyID", "lastName"),
    "Opportunities": ("companyID", "title"),
    "QuoteLocations": ("address1",),
    "Quotes": ("externalQuoteNumber",),
    "QuoteItems": ("quoteID",),
    "Products": ("name",),
    "Services": ("name",),
    "OpportunityAttachments": ("title",),
}
AGREEING: dict[str, tuple[str, ...]] = {
    "Contacts": ("firstName", "emailAddress"),
    "Opportunities": ("startDate", "ownerResourceID"),
    "QuoteLocations": ("address2", "city", "state", "postalCode"),
    "Quotes": ("opportunityID",),
    "QuoteItems": ("sortOrderID", "name"),
    "Products": ("sku", "manufacturerProductName"),
    "Services": ("periodType",),
}


def find_created(
    client: Client, entity: str, fields: dict[str, Any], parent_id: int | None, taken: Set[int]
) -> Record | None:
    """The newest record that agrees with ``fields`` and has no link, or None. Raises AutotaskError.

    ``fields``: what the create sent, with ids resolved. ``taken``: ids that links name.
    """
    sent = dict(fields)
    if entity == "QuoteItems":
        sent["quoteID"] = parent_id
    filters = [condition("eq", name, sent[name]) for name in ASKED[entity] if sent.get(name) is not None]
    if len(filters) < len(ASKED[entity]):
        return None
    rows = [row for row in client.query(entity, filters) if int(row["id"]) not in taken]
    if entity == "OpportunityAttachments":
        rows = [row for row in rows if parent_id in (row.get("opportunityID"), row.get("parentID"))]
    agreeing = [row for row in rows if agrees(entity, sent, row)]
    return max(agreeing, key=lambda row: int(row["id"]), default=None)


def agrees(entity: str, fields: dict[str, Any], row: Record) -> bool:
    """True when a record agrees with what a create sent."""
    return all(is_equal(fields.get(name), row.get(name)) for name in AGREEING.get(entity, ()))
