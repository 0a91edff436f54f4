"""Live search in Autotask for the rep who works on a quote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from webapp.models.catalog import ANNUAL, MONTHLY, ONE_TIME, QUARTERLY, SEMI_ANNUAL
from webapp.services.autotask.api.client import Client, any_of, condition
from webapp.services.autotask.connection import metadata
from webapp.services.core import addresses
from webapp.services.core.runtime import Runtime

LIMIT = 25
PAGE = 500  # Autotask can't sort, so a whole page is read and sorted here
MIN_TEXT = 2

# Autotask's labels of billing periods, in lower case, and our recurrences.
PERIODS = {
    "one-time": ONE_TIME,
    "one time": ONE_TIME,
    "onetime": ONE_TIME,
    "monthly": MONTHLY,
    "quarterly": QUARTERLY,
    "semi-annual": SEMI_ANNUAL,
    "semi-annually": SEMI_ANNUAL,
    "semiannual": SEMI_ANNUAL,
    "semi annual": SEMI_ANNUAL,
    "yearly": ANNUAL,
    "annual": ANNUAL,
    "annually": ANNUAL,
}


@dataclass(frozen=True)
class ContactHit:
    """A contact with its company. Ids are Autotask's; address parts may be empty."""

    contact_id: int
    company_id: int
    first_name: str
    last_name: str
    email: str
    phone: str
    title: str
    company_name: str
    company_phone: str
    address1: str
    address2: str
    city: str
    state: str
    postal_code: str
    website: str
    country: str


@dataclass(frozen=True)
class OpportunityHit:
    """An open opportunity. ``contact_id``: None when it has no contact."""

    opportunity_id: int
    title: str
    company_id: int
    contact_id: int | None
    company_name: str
    amount: Decimal
    projected_close: date


@dataclass(frozen=True)
class CatalogHit:
    """A product, service or bundle.

    ``entity`` as in the REST API. ``category``: labels of the product category, outermost first.
    """

    entity: str
    record_id: int
    name: str
    description: str
    sku: str
    mpn: str
    manufacturer: str
    unit_price: Decimal
    unit_cost: Decimal
    recurrence: str
    category: tuple[str, ...]


def contacts(client: Client, text: str) -> list[ContactHit]:
    """Active contacts whose name, email, phone or company contains ``text``, at most 25. Raises AutotaskError."""
    text = text.strip()
    if len(text) < MIN_TEXT:
        return []
    companies = client.query(
        "Companies",
        [condition("contains", "companyName", text), condition("eq", "isActive", True)],
        limit=LIMIT,
    )
    nodes = [condition("contains", name, text) for name in ("firstName", "lastName", "emailAddress", "phone")]
    words = text.split()
    if len(words) == 2:
        nodes.append(
            {
                "op": "and",
                "items": [
                    condition("contains", "firstName", words[0]),
                    condition("contains", "lastName", words[1]),
                ],
            }
        )
    if companies:
        nodes.append(condition("in", "companyID", [company["id"] for company in companies]))
    found = client.query("Contacts", [any_of(*nodes), condition("eq", "isActive", 1)], limit=LIMIT)
    by_id = {company["id"]: company for company in companies}
    missing = sorted({row["companyID"] for row in found} - set(by_id))
    if missing:
        by_id.update({row["id"]: row for row in client.query("Companies", [condition("in", "id", missing)])})
    return [_contact(row, by_id.get(row["companyID"], {})) for row in found]


def opportunities(
    runtime: Runtime, client: Client, company_id: int | None, text: str, today: date
) -> list[OpportunityHit]:
    """Active opportunities with a future projected close date, the 25 that close soonest.

    Raises AutotaskError.
    """
    extra = [condition("eq", "companyID", company_id)] if company_id else []
    if text.strip():
        extra.append(condition("contains", "title", text.strip()))
    return _open_opportunities(runtime, client, extra, today)


def opportunity(runtime: Runtime, client: Client, opportunity_id: int, today: date) -> OpportunityHit | None:
    """The opportunity if it is Active and closes in the future, else None. Raises AutotaskError."""
    hits = _open_opportunities(runtime, client, [condition("eq", "id", opportunity_id)], today)
    return hits[0] if hits else None


def contact(runtime: Runtime, client: Client, contact_id: int) -> ContactHit | None:
    """The contact with its company; None when it is no longer in Autotask. Raises AutotaskError."""
    rows = client.query("Contacts", [condition("eq", "id", contact_id)], limit=1)
    if not rows:
        return None
    companies = client.query("Companies", [condition("eq", "id", rows[0]["companyID"])], limit=1)
    company = companies[0] if companies else {}
    return _contact(rows[0], company, _country(runtime, company))


def company(runtime: Runtime, client: Client, company_id: int) -> ContactHit | None:
    """The company as a hit without a person (``contact_id`` 0); None when it no longer exists. Raises AutotaskError."""
    rows = client.query("Companies", [condition("eq", "id", company_id)], limit=1)
    if not rows:
        return None
    return _contact({"id": 0, "companyID": company_id}, rows[0], _country(runtime, rows[0]))


def _country(runtime: Runtime, company: dict[str, Any]) -> str:
    """Its English name, as our own forms take it; empty where it's unknown."""
    known = metadata.reference(runtime, "Countries") if company.get("countryID") else []
    found = next((choice for choice in known if choice.value == company["countryID"]), None)
    names = (found.extra.get("countryCode"), found.extra.get("displayName"), found.label) if found else ()
    code = next(filter(None, (addresses.country_code(str(name)) for name in names if name)), "")
    return addresses.country_name(code) if code else ""


def catalog_record(runtime: Runtime, client: Client, entity: str, record_id: int) -> CatalogHit | None:
    """The product, service or bundle; None when it is no longer in Autotask. Raises AutotaskError."""
    if entity not in ("Products", "Services", "ServiceBundles"):
        return None
    rows = client.query(entity, [condition("eq", "id", record_id)], limit=1)
    return _goods(runtime, entity, rows[0]) if rows else None


def _open_opportunities(
    runtime: Runtime, client: Client, extra: list[dict[str, Any]], today: date
) -> list[OpportunityHit]:
    active = metadata.active_opportunities(runtime)
    if not active:
        return []
    filters = [
        condition("in", "status", active),
        condition("gt", "projectedCloseDate", f"{today}T23:59:59Z"),
        *extra,
    ]
    rows = client.query("Opportunities", filters, limit=PAGE)
    rows = sorted(rows, key=lambda row: (_close_date(row), int(row["id"])))[:LIMIT]
    ids = sorted({row["companyID"] for row in rows})
    names = (
        {row["id"]: row["companyName"] for row in client.query("Companies", [condition("in", "id", ids)])}
        if ids
        else {}
    )
    return [
        OpportunityHit(
            opportunity_id=int(row["id"]),
            title=str(row["title"]),
            company_id=int(row["companyID"]),
            contact_id=int(row["contactID"]) if row.get("contactID") else None,
            company_name=str(names.get(row["companyID"], "")),
            amount=Decimal(row.get("amount") or 0),
            projected_close=_close_date(row),
        )
        for row in rows
    ]


def _close_date(row: dict[str, Any]) -> date:
    return datetime.fromisoformat(str(row["projectedCloseDate"])).date()


def catalog(runtime: Runtime, client: Client, text: str) -> list[CatalogHit]:
    """Active products, services and bundles whose name or part number contains ``text``. Raises AutotaskError."""
    text = text.strip()
    if len(text) < MIN_TEXT:
        return []
    active = condition("eq", "isActive", True)
    nodes = [condition("contains", name, text) for name in ("name", "sku", "manufacturerProductName")]
    hits = [
        _goods(runtime, "Products", row)
        for row in client.query("Products", [any_of(*nodes), active], limit=LIMIT)
    ]
    for entity in ("Services", "ServiceBundles"):
        rows = client.query(entity, [condition("contains", "name", text), active], limit=LIMIT)
        hits += [_goods(runtime, entity, row) for row in rows]
    return hits


def _contact(row: dict[str, Any], company: dict[str, Any], country: str = "") -> ContactHit:
    def text(source: dict[str, Any], name: str) -> str:
        return str(source.get(name) or "")

    return ContactHit(
        contact_id=int(row["id"]),
        company_id=int(row["companyID"]),
        first_name=text(row, "firstName"),
        last_name=text(row, "lastName"),
        email=text(row, "emailAddress"),
        phone=text(row, "phone"),
        title=text(row, "title"),
        company_name=text(company, "companyName"),
        company_phone=text(company, "phone"),
        address1=text(company, "address1"),
        address2=text(company, "address2"),
        city=text(company, "city"),
        state=text(company, "state"),
        postal_code=text(company, "postalCode"),
        website=text(company, "webAddress"),
        country=country,
    )


def _goods(runtime: Runtime, entity: str, row: dict[str, Any]) -> CatalogHit:
    return CatalogHit(
        entity=entity,
        record_id=int(row["id"]),
        name=str(row["name"]),
        description=str(row.get("description") or ""),
        sku=str(row.get("sku") or ""),
        mpn=str(row.get("manufacturerProductName") or ""),
        manufacturer=str(row.get("manufacturerName") or ""),
        unit_price=Decimal(row.get("unitPrice") or 0),
        unit_cost=Decimal(row.get("unitCost") or 0),
        recurrence=_recurrence(runtime, entity, row.get("periodType")),
        category=_category(runtime, row.get("productCategory")) if entity == "Products" else (),
    )


def _recurrence(runtime: Runtime, entity: str, value: Any) -> str:
    for choice in metadata.picklist(runtime, entity, "periodType"):
        if str(choice.value) == str(value):
            return PERIODS.get(choice.label.strip().lower(), ONE_TIME)
    return ONE_TIME if entity == "Products" else MONTHLY


def _category(runtime: Runtime, value: Any) -> tuple[str, ...]:
    by_value = {choice.value: choice for choice in metadata.picklist(runtime, "Products", "productCategory")}
    choice = by_value.get(value)
    labels: list[str] = []
    while choice is not None and len(labels) < 5:
        labels.insert(0, choice.label)
        choice = by_value.get(choice.parent) if choice.parent is not None else None
    return tuple(labels)
