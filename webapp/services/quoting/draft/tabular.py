"""Tab-separated text of a spreadsheet: its cells, and which column is which."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

from webapp.services.core.errors import Invalid

# Column of our own text, and what else people call it; the first is the heading that a copy has.
COLUMNS = {
    "name": ("Item", "name", "product", "product name", "item name", "title"),
    "quantity": ("Quantity", "qty", "count", "units"),
    "unit_price": ("Price", "unit price", "sell price", "sell", "rate"),
    "unit_cost": ("Cost", "unit cost", "buy price", "cost price"),
    "list_price": ("List price", "msrp", "rrp"),
    "price_rule": ("Price rule",),
    "price_percent": ("Rule percent",),
    "price_ending": ("Price ending",),
    "tiers": ("Price by quantity",),
    "shows_savings": ("Shows savings",),
    "discount_value": ("Discount", "disc"),
    "discount_kind": ("Discount type",),
    "tax_code": ("Tax", "tax code"),
    "recurrence": ("Billing period", "billing", "period", "recurrence"),
    "term_months": ("Term in months", "term", "commitment"),
    "min_term_months": ("Can end after months",),
    "starts_on": ("Starts on", "start date", "start"),
    "setup_fee": ("Setup fee", "setup"),
    "renewal_price": ("Price at renewal", "renewal price"),
    "min_quantity": ("Quantity from",),
    "max_quantity": ("Quantity to",),
    "quantity_step": ("Quantity steps",),
    "description": ("Description", "details"),
    "sku": ("SKU", "item number", "item no", "code"),
    "mpn": ("Part number", "mpn", "part no", "manufacturer part number"),
    "manufacturer": ("Manufacturer", "brand", "vendor"),
    "supplier": ("Supplier", "distributor"),
    "supplier_sku": ("Supplier's SKU", "supplier sku", "distributor sku"),
    "category": ("Category", "item category"),
    "is_optional": ("Optional",),
    "is_selected": ("Selected",),
}
KNOWN = {word.lower(): column for column, words in COLUMNS.items() for word in words}
NUMBERS = ("quantity", "unit_price", "unit_cost")
HARMLESS = re.compile("^'(?=[=+@-])")
IS_NUMBER = re.compile(r"^\W{0,4}\d[\d.,'\s]*\W{0,3}$")


def cells(text: str) -> list[list[str]]:
    """The cells of each row. Raises Invalid with a sentence."""
    plain = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(plain), "excel-tab")]
    except csv.Error as error:
        raise Invalid(
            "These rows can't be read, so nothing was added. A cell may be too long, or a quotation mark isn't closed."
        ) from error


def harmless(text: str) -> str:
    """A spreadsheet runs what begins like a formula; a number below zero is none."""
    return (
        f"'{text}" if text[:1] in ("=", "+", "@") or (text[:1] == "-" and not IS_NUMBER.match(text)) else text
    )


def by_order(rows: list[list[str]]) -> list[str]:
    """Texts are the name, then the SKU; numbers are quantity, price and cost. A lone number is the price."""
    width = max(map(len, rows))
    columns = [""] * width
    texts, numbers = ["name", "sku", "description"], list(NUMBERS)
    numeric = [_is_numeric(row[at] for row in rows if at < len(row)) for at in range(width)]
    if sum(numeric) == 1:
        numbers = ["unit_price"]
    for at, is_number in enumerate(numeric):
        left = numbers if is_number else texts
        columns[at] = left.pop(0) if left else ""
    return columns


def _is_numeric(cells: Iterable[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and sum(bool(IS_NUMBER.match(cell)) for cell in filled) * 2 > len(filled)
