"""The shape of one quote in Autotask, without ids and times, to compare two pushes field by field."""

from __future__ import annotations

import re
from typing import Any

from tests.support.connected_desk import Desk
from webapp.models import Quote

VOLATILE = {
    "id",
    "createDate",
    "createdTime",
    "lastActivity",
    "lastActivityDate",
    "lastModifiedDate",
    "lastTrackedModifiedDateTime",
    "attachDate",
    "quoteNumber",
    "sha256",
    "size",
    "fileSize",
}
CATALOG = {"productID": "Products", "serviceID": "Services", "serviceBundleID": "ServiceBundles"}
LOCATIONS = ("billToLocationID", "shipToLocationID", "soldToLocationID")


def shape(desk: Desk, quote: Quote, mark: str) -> dict[str, Any]:
    """Everything that belongs to ``quote``. ``mark`` makes its names unique and is removed from them here."""
    state = desk.tenant.state()
    by_id = {entity: {row["id"]: row for row in rows} for entity, rows in state.items()}

    def clean(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        value = value.replace(mark, "*").replace(str(quote.number), "#")
        return re.sub(r"\([0-9a-f]{8}\)", "(hash)", value)

    def fields(row: dict[str, Any], *without: str) -> dict[str, Any]:
        return {
            k: clean(v) for k, v in row.items() if k not in VOLATILE and k not in without and v is not None
        }

    def marked(entity: str, name: str) -> list[dict[str, Any]]:
        return [row for row in state.get(entity, []) if mark in str(row.get(name) or "")]

    companies = marked("Companies", "companyName")
    company_ids = {row["id"] for row in companies}
    opportunities = [row for row in state["Opportunities"] if row["companyID"] in company_ids]
    opportunity_ids = {row["id"] for row in opportunities}
    quotes = [row for row in state["Quotes"] if row["opportunityID"] in opportunity_ids]
    items = [row for row in state["QuoteItems"] if row["quoteID"] in {one["id"] for one in quotes}]
    return {
        "companies": [fields(row) for row in companies],
        "contacts": [
            fields(row, "companyID") for row in state["Contacts"] if row["companyID"] in company_ids
        ],
        "opportunities": [fields(row, "companyID", "contactID") for row in opportunities],
        "has_contact": [row["contactID"] is not None for row in opportunities],
        "quotes": [fields(row, "opportunityID", "companyID", "contactID", *LOCATIONS) for row in quotes],
        "places": [
            [clean(by_id["QuoteLocations"][row[place]]["address2"]) for place in LOCATIONS] for row in quotes
        ],
        "locations": sorted(
            (fields(row) for row in marked("QuoteLocations", "address2")),
            key=lambda row: str(row["address1"]),
        ),
        "items": [
            {
                **fields(row, "quoteID", *CATALOG),
                **{
                    name: clean(by_id[entity][row[name]]["name"])
                    for name, entity in CATALOG.items()
                    if row.get(name)
                },
            }
            for row in sorted(items, key=lambda row: row["sortOrderID"])
        ],
        "products": sorted(clean(row["name"]) for row in marked("Products", "name")),
        "services": sorted(clean(row["name"]) for row in marked("Services", "name")),
        "files": sorted(
            clean(row["title"])
            for row in state["OpportunityAttachments"]
            if row["opportunityID"] in opportunity_ids
        ),
    }
