"""The text of each field of the editor, as its forms show it."""

from __future__ import annotations

from decimal import Decimal

from webapp.models import Item, Quote, QuoteLine, QuoteSection
from webapp.services.catalog import price_rules
from webapp.services.company import place
from webapp.services.core import formatting
from webapp.services.core.place import Place
from webapp.services.quoting.draft import quantities


def header(quote: Quote) -> dict[str, str]:
    """By the name of the control."""
    here = place.of_company()
    return {
        "title": quote.title,
        "currency": quote.currency,
        "expires_on": quote.expires_on.isoformat() if quote.expires_on else "",
        "purchase_order_number": quote.purchase_order_number,
        "discount_value": formatting.plain(quote.discount_value, here) if quote.discount_value else "",
        "discount_kind": quote.discount_kind,
        "shipping_amount": formatting.plain_price(quote.shipping_amount, here)
        if quote.shipping_amount
        else "",
        "deposit_value": formatting.plain(quote.deposit_value, here) if quote.deposit_value else "",
        "deposit_kind": quote.deposit_kind if quote.deposit_value else "percent",
        "deposit_is_required": "y" if quote.deposit_is_required else "",
        "brand": str(quote.brand_id or ""),
        "comments": quote.comments,
        "internal_notes": quote.internal_notes,
    }


def line(line: QuoteLine) -> dict[str, str]:
    """By the name of the control: the whole line."""
    here = place.of_company()
    return cells(line, here) | details(line) | pricing(line, here)


def cells(line: QuoteLine, here: Place) -> dict[str, str]:
    """By the name of the control: what the editor shows of every line.

    ``here``: the company's place.
    """
    return {
        "name": line.name,
        "quantity": formatting.plain(line.quantity, here),
        "unit_price": formatting.plain_price(line.unit_price, here),
        "unit_cost": formatting.plain_price(line.unit_cost, here),
        "margin": percent(price_rules.derived(line)["margin"], here),
        "discount_value": formatting.plain(line.discount_value, here) if line.discount_value else "",
        "discount_kind": line.discount_kind,
        "tax_code_id": str(line.tax_code_id or ""),
        "recurrence": line.recurrence,
    }


def pricing(line: QuoteLine, here: Place) -> dict[str, str]:
    """By the name of the control: what leads the price of a line, and what the customer sees of it."""
    return {
        "markup": percent(price_rules.derived(line)["markup"], here),
        "price_rule": line.price_rule,
        "price_ending": line.price_ending,
        "list_price": "" if line.list_price is None else formatting.plain_price(line.list_price, here),
        "shows_savings": "1" if line.shows_savings else "",
    }


def percent(value: Decimal | None, here: Place) -> str:
    """“25” or “33.3”; empty for none."""
    return "" if value is None else formatting.plain(value, here)


def section(section: QuoteSection) -> dict[str, str]:
    """By the name of the control: a section."""
    return {
        "title": section.title,
        "text": section.text,
        "choice": section.choice,
        "is_selected": "1" if section.is_selected else "",
        "starts_page": "1" if section.starts_page else "",
        "discount_value": percent(section.discount_value or None, place.of_company()),
        "discount_kind": section.discount_kind,
    }


def details(line: QuoteLine) -> dict[str, str]:
    """By the name of the control: what the editor shows of a line that is opened. A box that isn't checked is empty."""
    return {
        "description": line.description,
        "sku": line.sku,
        "mpn": line.mpn,
        "manufacturer": line.manufacturer,
        "supplier": line.supplier,
        "category": line.category.path if line.category else "",
        "is_optional": "1" if line.is_optional else "",
        "is_selected": "1" if line.is_selected else "",
        **_terms(line, place.of_company()),
    }


def term(record: Item | QuoteLine, here: Place) -> dict[str, str]:
    """By the name of the control: the term that an item and a line can have."""
    renewal = record.renewal_price
    return {
        **{name: str(getattr(record, name) or "") for name in ("term_months", "min_term_months")},
        "setup_fee": formatting.plain_price(record.setup_fee, here) if record.setup_fee else "",
        "renewal_price": "" if renewal is None else formatting.plain_price(renewal, here),
    }


def _terms(line: QuoteLine, here: Place) -> dict[str, str]:
    """By the name of the control: the term of a line, and how many the customer can choose."""
    return {
        **term(line, here),
        "starts_on": line.starts_on.isoformat() if line.starts_on else "",
        **{name: percent(getattr(line, name), here) for name in quantities.FIELDS},
    }
