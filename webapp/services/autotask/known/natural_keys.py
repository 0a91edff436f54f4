"""Find the record made by a create whose response was lost.

Autotask has no idempotency key, so each entity is looked up by the fields that identify our record.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from webapp.services.autotask.api.client import Client, Filter, Record, condition
from webapp.services.autotask.api.values import equals_pushed, is_equal

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
    client: Client, entity: str, sents: Iterable[dict[str, Any]], parent_id: int | None
) -> list[Record]:
    """The records that agree with one of ``sents``, the likeliest first. Raises AutotaskError.

    ``sents``: what each create sent, with ids resolved, the likeliest first. Autotask is asked once for each distinct
    question, however often a create was tried. A record that a link names is none of them; the caller knows the links.
    """
    asked: dict[str, list[Record]] = {}
    found: dict[int, Record] = {}
    for sent in sents:
        fields = {**sent, "quoteID": parent_id} if entity == "QuoteItems" else sent
        filters = _filters(entity, fields)
        if not filters:
            continue
        question = repr(filters)
        if question not in asked:
            asked[question] = client.query(entity, filters)
        rows = asked[question]
        if entity == "OpportunityAttachments":
            rows = [row for row in rows if parent_id in (row.get("opportunityID"), row.get("parentID"))]
        ranked = [(was_sent(fields, row), int(row["id"]), row) for row in rows if agrees(entity, fields, row)]
        for _, number, row in sorted(ranked, key=itemgetter(0, 1), reverse=True):
            found.setdefault(number, row)
    return list(found.values())


def _filters(entity: str, fields: dict[str, Any]) -> list[Filter]:
    """The conditions that find what a create sent; none when it lacks a field that is asked for."""
    names = ASKED[entity]
    if any(fields.get(name) is None for name in names):
        return []
    return [condition("eq", name, fields[name]) for name in names]


def agrees(entity: str, fields: dict[str, Any], row: Record) -> bool:
    """True when a record agrees with what a create sent."""
    return all(is_equal(fields.get(name), row.get(name)) for name in AGREEING.get(entity, ()))


def was_sent(fields: dict[str, Any], row: Record) -> bool:
    """True when a record has every value that a create sent, not only those that identify it."""
    return all(equals_pushed(row[name], value) for name, value in fields.items() if name in row)
