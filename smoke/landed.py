"""What landed in Autotask, read through its REST API alone."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from smoke.autotask import Reader
from smoke.wanted import PERIODS, Known, Stock

Record = dict[str, Any]
BUCKETS = {
    "one_time": "onetime",
    "monthly": "monthly",
    "quarterly": "quarterly",
    "semi_annual": "semiannual",
    "annual": "yearly",
}


@dataclass
class Landed:
    """One quote with what belongs to it; empty records are what was not found."""

    company: Record = field(default_factory=dict)
    contact: Record = field(default_factory=dict)
    opportunity: Record = field(default_factory=dict)
    quote: Record = field(default_factory=dict)
    items: list[Record] = field(default_factory=list)
    products: dict[int, Record] = field(default_factory=dict)
    attachments: list[Record] = field(default_factory=list)


class Labels:
    """Names of ids, from picklists and reference entities of this Autotask; each is asked for once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[tuple[str, str], Mapping[str, str]] = {}

    def picklist(self, entity: str, name: str, value: object) -> str:
        """What a value of a picklist is called."""
        known = self._known.setdefault((entity, name), {})
        if not known:
            known = self._known[entity, name] = self._reader.labels(entity, name)
        return known.get(str(value), f"unknown ({value})") if value is not None else "none"

    def record(self, entity: str, record_id: int | None) -> str:
        """What a record is called."""
        if record_id is None:
            return "none"
        key = (entity, str(record_id))
        if key not in self._known:
            row = self._reader.first(entity, ("id", "eq", record_id)) or {}
            self._known[key] = {"": str(row.get("name") or f"unknown ({record_id})")}
        return self._known[key][""]

    def period(self, entity: str, value: object) -> str:
        """Which of our periods a value of a periodType picklist is; empty when it is none of them."""
        return period_of(self.picklist(entity, "periodType", value))


def period_of(label: str) -> str:
    """Our period for what Autotask calls one."""
    text = label.lower()
    words = {
        "semi": "semi_annual",
        "one": "one_time",
        "month": "monthly",
        "quarter": "quarterly",
        "year": "annual",
        "annual": "annual",
    }
    return next((period for word, period in words.items() if word in text), "")


def read(reader: Reader, company: str, number: int) -> Landed:
    """Find the company by its name, and from there its opportunity, quote, items, products and attachments."""
    found = Landed(company=reader.first("Companies", ("companyName", "eq", company)) or {})
    if not found.company:
        return found
    owned = ("companyID", "eq", found.company["id"])
    found.contact = reader.first("Contacts", owned) or {}
    found.opportunity = reader.first("Opportunities", owned) or {}
    if not found.opportunity:
        return found
    below = ("opportunityID", "eq", found.opportunity["id"])
    found.quote = reader.first("Quotes", below, ("externalQuoteNumber", "eq", str(number))) or {}
    listed = sorted(reader.query("OpportunityAttachments", below), key=lambda row: int(row["id"]))
    # Only a read of one file below its opportunity has the content.
    found.attachments = [reader.attachment(found.opportunity["id"], row["id"]) or row for row in listed]
    if found.quote:
        items = reader.query("QuoteItems", ("quoteID", "eq", found.quote["id"]))
        found.items = sorted(items, key=lambda row: int(row["sortOrderID"]))
        named = [row["productID"] for row in found.items if row.get("productID")]
        rows = reader.query("Products", ("id", "in", named)) if named else []
        found.products = {row["id"]: row for row in rows}
    return found


def size_of(attachment: dict[str, Any]) -> int:
    """The size of a file that was read with its content: an Autotask may leave the read-only ``fileSize`` out."""
    return len(base64.b64decode(attachment.get("data") or ""))


def stock_of(reader: Reader) -> Stock:
    """Products with a part number that is theirs alone, and services, to match and to pull."""
    labels = Labels(reader)
    stock = Stock(
        {period_of(label) for label in reader.labels("QuoteItems", "periodType").values()} & {*PERIODS}
    )
    products = reader.query("Products")
    parts = [str(row.get("manufacturerProductName") or "").casefold() for row in products]
    names = [row["name"].casefold() for row in products]
    for row in sorted(products, key=lambda row: int(row["id"])):
        part, name = str(row.get("manufacturerProductName") or ""), row["name"]
        alone = parts.count(part.casefold()) == 1 and names.count(name.casefold()) == 1
        if row.get("isActive") and part and alone and _plain(name):
            stock.products.append(Known("Products", row["id"], name, part))
    for row in sorted(reader.query("Services"), key=lambda row: int(row["id"])):
        period = labels.period("Services", row.get("periodType"))
        taken = row["name"].casefold() in names
        if row.get("isActive") and period in stock.periods and _plain(row["name"]) and not taken:
            stock.services.append(Known("Services", row["id"], row["name"], recurrence=period))
    return stock


def _plain(name: str) -> bool:
    """Whether a name fits a quote item, and may be searched for as it is."""
    return 3 <= len(name) <= 100 and name == " ".join(name.split())
