"""What an undo gives back to a record: its values, which of them belong together, and whether they fit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Date

from webapp.models import Category, Item, Organization, Person, Quote, QuoteLine, TaxCode
from webapp.models.types import ExactDecimal
from webapp.services.catalog import terms
from webapp.services.company.brand import of_quote
from webapp.services.core import records
from webapp.services.core.errors import Invalid
from webapp.services.quoting.draft import bundles, editing, quantities

# Records that may be gone by then; the draft comes back without them.
REFERENCES = {
    "item_id": Item,
    "category_id": Category,
    "tax_code_id": TaxCode,
    "person_id": Person,
    "organization_id": Organization,
}
COLUMNS = [*Quote.__table__.columns, *QuoteLine.__table__.columns]
DECIMALS = {column.name for column in COLUMNS if isinstance(column.type, ExactDecimal)}
DATES = {column.name for column in COLUMNS if isinstance(column.type, Date)}
# Fields that only mean something together.
TOGETHER = (
    editing.DISCOUNT,
    ("is_optional", "is_selected"),
    ("price_date", "price_percent", "price_rule", "unit_price"),
    ("cost_date", "unit_cost"),
    quantities.FIELDS,
    terms.TOGETHER,
    ("person_id", "organization_id", "autotask_contact_id"),
    ("autotask_opportunity_id", "autotask_opportunity_title"),
)


def read(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a record holds them."""
    read: dict[str, Any] = {}
    for name, value in values.items():
        if name in REFERENCES:
            read[name] = value if records.find(REFERENCES[name], value) else None
        elif name == "brand_id":
            brand = of_quote.held(value)
            read[name] = brand.id if brand else None
        elif name in DECIMALS:
            read[name] = None if value is None else Decimal(value)
        elif name in DATES:
            read[name] = date.fromisoformat(value) if value else None
        else:
            read[name] = value
    return read


def misfits(line: QuoteLine) -> Collection[str]:
    """The fields of its term, or about its quantity, that don't fit together; empty where all do.

    Clears the parts of a term that a line of its kind can't have, if there are any.
    """
    had = {name: getattr(line, name) for name in terms.LINE}
    bundles.settle_terms(line)
    try:
        terms.check(line)
    except Invalid:
        return terms.TOGETHER
    try:
        quantities.check(line, quantities.FIELDS)
    except Invalid:
        return quantities.CHECKED
    return [name for name, value in had.items() if getattr(line, name) != value]
