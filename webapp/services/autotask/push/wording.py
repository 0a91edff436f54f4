"""Autotask's fields and values in words, from the cached lists; unknown values are shown as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from webapp.models import Link, db
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.api.values import USER_DEFINED
from webapp.services.autotask.connection import metadata, stored_lists
from webapp.services.autotask.known.links import records_of
from webapp.services.autotask.push.plan import CREATE, DELETE, UPDATE, Step
from webapp.services.autotask.wanted import positions
from webapp.services.autotask.wanted.desired import Desired, Ref
from webapp.services.autotask.wanted.keys import RecordKey
from webapp.services.company import place
from webapp.services.core import formatting
from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime

ENTITIES = {
    "Companies": "company",
    "Contacts": "contact",
    "Opportunities": "opportunity",
    "OpportunityAttachments": "attachment",
    "Products": "product",
    "QuoteItems": "quote item",
    "QuoteLocations": "quote location",
    "Quotes": "quote",
    "ServiceBundles": "service bundle",
    "Services": "service",
}
ACTIONS = {CREATE: "Create", UPDATE: "Update", DELETE: "Delete"}
# Fields that refer to records of an entity without a list.
RECORDS = {
    "billToLocationID": "QuoteLocations",
    "companyID": "Companies",
    "contactID": "Contacts",
    "opportunityID": "Opportunities",
    "productID": "Products",
    "quoteID": "Quotes",
    "serviceBundleID": "ServiceBundles",
    "serviceID": "Services",
    "shipToLocationID": "QuoteLocations",
    "soldToLocationID": "QuoteLocations",
}
LABELS = {
    "address1": "Address",
    "address2": "Address line 2",
    "comment": "Comment",
    "isOptional": "Optional",
    "isActive": "Active",
    "isSerialized": "Serialized",
    "isTaxable": "Taxable",
    "laborID": "Role",
    "manufacturerProductName": "Manufacturer's part number",
    "msrp": "List price (MSRP)",
    "onetimeCost": "One-time cost",
    "onetimeRevenue": "One-time revenue",
    "ownerResourceID": "Owner",
    "productBillingCodeID": "Billing code",
    "quoteItemType": "Type",
    "semiannualCost": "Six-month cost",
    "semiannualRevenue": "Six-month revenue",
    "sku": "SKU",
    "sortOrderID": "Sort order",
    "useQuoteTotals": "Amounts follow the quote",
    "vendorProductNumber": "Vendor's part number",
    "webAddress": "Website",
}
NOTHING = "nothing"
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_MONEY = re.compile(r"price|cost|msrp|revenue|amount|unitDiscount|lineDiscount", re.IGNORECASE)
_NUMBERS = re.compile(r"quantity|percentage|probability|sortOrder", re.IGNORECASE)


@dataclass(frozen=True)
class Change:
    """One changed field in words. ``before`` is empty for a new record."""

    label: str
    before: str
    after: str


class FieldFormatter:
    """Formats fields and values for people, with the cached lists; each list is read once.

    ``titles``: the titles of records without a list, by entity and id; other records get their title from their link.
    """

    def __init__(self, runtime: Runtime, titles: Mapping[tuple[str, int], str] | None = None) -> None:
        self._runtime = runtime
        self._fields: dict[str, dict[str, dict[str, Any]]] = {}
        self._labels: dict[str, dict[int, str]] = {}
        self._titles = dict(titles or {})

    def value(self, entity: str, name: str, value: Any) -> str:
        """A field's value in words."""
        if value is None or value == "":
            return NOTHING
        if isinstance(value, bool) or (name == "isActive" and value in (0, 1)):
            return "Yes" if value else "No"
        if name in RECORDS:
            return self._record(RECORDS[name], value)
        entry = self._entry(entity, name)
        if entry.get("isPickList"):
            return self._label(_picks(entry), value)
        if entry.get("isReference"):
            return self._referred(entry, value)
        if isinstance(value, str) and entry.get("dataType") == "datetime":
            return _day(value)
        number = _number(value) if _is_number(name, value, entry) else None
        if number is None:
            return str(value)
        return f"{number:,.2f}" if _is_money(name, number) else formatting.quantity(number)

    def changes(self, step: Step, titles: Mapping[RecordKey, str]) -> list[Change]:
        """The changes of a step, field by field. ``titles``: by key, of the records that a Ref may stand for."""
        if step.action == DELETE:
            return []
        return [
            # People know a line's place, not the number that puts it there.
            Change("Position", "", str(step.place))
            if name == positions.FIELD and step.place
            else Change(
                label(name),
                "" if step.action == CREATE else self.value(step.entity, name, step.before.get(name)),
                titles.get(value.key, str(value.key))
                if isinstance(value, Ref)
                else self.value(step.entity, name, value),
            )
            for name, value in step.fields.items()
        ]

    def _entry(self, entity: str, name: str) -> dict[str, Any]:
        if entity not in self._fields:
            entries: list[dict[str, Any]] = []
            if entity in stored_lists.PICKLISTS:
                try:
                    entries = metadata.fields(self._runtime, entity)
                except ServiceError:
                    entries = []
            self._fields[entity] = {entry["name"]: entry for entry in entries}
        return self._fields[entity].get(name, {})

    def _referred(self, entry: Mapping[str, Any], value: Any) -> str:
        known = metadata.list_of(entry)
        if not known:
            return f"{entry.get('referenceEntityType') or 'record'} {value}"
        if known not in self._labels:
            try:
                choices = metadata.reference(self._runtime, known)
            except ServiceError:
                choices = []
            self._labels[known] = {choice.value: choice.label for choice in choices}
        return self._label(self._labels[known], value)

    def _record(self, entity: str, value: Any) -> str:
        """A record by its title and id, or by its id alone."""
        number = _number(value)
        if number is None:
            return str(value)
        key = (entity, int(number))
        if key not in self._titles:
            self._titles[key] = _linked_title(*key)
        title = self._titles[key]
        return f"{title} ({key[1]})" if title else f"{ENTITIES[entity]} {key[1]}"

    @staticmethod
    def _label(labels: Mapping[int, str], value: Any) -> str:
        number = _number(value)
        return labels.get(int(number), f"#{value}") if number is not None else str(value)


def label(name: str) -> str:
    """A field's name in words: “unitPrice” is “Unit price”, “contactID” is “Contact”."""
    if name in LABELS:
        return LABELS[name]
    if name.startswith(USER_DEFINED):
        return name.removeprefix(USER_DEFINED)
    words = [word if word.isupper() else word.lower() for word in _WORDS.findall(name)]
    if len(words) > 1 and words[-1] == "ID":
        words.pop()
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def titles_of(desired: Desired) -> dict[RecordKey, str]:
    """The title of each desired record, by its key."""
    return {
        record.key: f"the {ENTITIES.get(record.entity, record.entity)} “{record.title}”"
        if record.entity != "QuoteItems"
        else record.title
        for record in records_of(desired)
    }


def _linked_title(entity: str, remote_id: int) -> str:
    """A record's title as last pushed; empty when it has no link."""
    query = db.select(Link.pushed).filter_by(integration=AUTOTASK, remote_entity=entity, remote_id=remote_id)
    pushed = db.session.scalars(query.limit(1)).first() or {}
    person = f"{pushed.get('firstName') or ''} {pushed.get('lastName') or ''}".strip()
    names = (pushed.get(name) for name in ("name", "title", "companyName", "address1"))
    return next((str(name) for name in names if name), person)


def _picks(entry: Mapping[str, Any]) -> dict[int, str]:
    return {
        int(value["value"]): str(value.get("label") or value["value"])
        for value in entry.get("picklistValues") or []
        if str(value.get("value")).removeprefix("-").isdigit()
    }


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _is_number(name: str, value: Any, entry: Mapping[str, Any]) -> bool:
    """True for a number, also when JSON stores it as text; not for a postal code or a phone number."""
    kind = entry.get("dataType")
    if kind is None and isinstance(value, str):
        return bool(_MONEY.search(name) or _NUMBERS.search(name))
    return kind != "string"


def _is_money(name: str, number: Decimal) -> bool:
    """True for an amount without a third decimal, which formatting as money would drop."""
    return bool(_MONEY.search(name)) and number == number.quantize(Decimal("0.01"))


def _day(value: str) -> str:
    try:
        return formatting.day(datetime.fromisoformat(value).date(), place.of_company())
    except ValueError:
        return value
