"""The form of a line: what it reads, and what it leaves as it is."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from webapp.models import QuoteLine, TaxCode, User
from webapp.models.quote import DISCOUNT_KINDS
from webapp.services.catalog import costs, items, terms
from webapp.services.catalog.items import MAX_QUANTITY
from webapp.services.core import merge
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader
from webapp.services.quoting.draft import editing, quantities, shown
from webapp.services.quoting.draft.bundles import MAX_AMOUNT, TOO_MUCH


def with_the_rest(actor: User, line: QuoteLine, values: Mapping[str, object]) -> Mapping[str, object]:
    """``values`` of a form, and as they are stored the fields that it wasn't opened with."""
    opened = merge.opened_with(values)
    if not opened:
        return values
    stored = shown.line(line)
    # By its id, which needs no look at its name.
    stored["category_id"] = str(line.category_id or "")
    del stored["category"]
    rest = {
        control: text
        for control, text in stored.items()
        # A form can be opened with the price and have only what it follows from.
        if (control.removesuffix("_id") not in opened or control == "unit_price")
        and control not in ("margin", "markup", "price_rule")
        and (control not in costs.HIDDEN or costs.may_see(actor))
    }
    return {**rest, **values}


def check_amount(quantity: Decimal, price: Decimal) -> None:
    """Raise Invalid, beside the quantity, where the line would be too large."""
    if abs(quantity * price) > MAX_AMOUNT:
        raise Invalid("This line isn't saved. Fix the highlighted field.", {"quantity": TOO_MUCH})


def read(reader: Reader, tax_code_before: TaxCode | None, currency: str) -> dict[str, Any]:
    """The values of a line from form input. Raises Invalid with a sentence for each wrong field."""
    read: dict[str, Any] = {
        **items.read_fields(
            reader, tax_code_before, missing_name="Enter a name for this line.", currency=currency
        ),
        "quantity": reader.decimal("quantity", default=Decimal(1), maximum=MAX_QUANTITY, above_zero=True),
        **editing.read_discount(reader, DISCOUNT_KINDS, currency),
        "is_optional": reader.flag("is_optional"),
        "is_selected": reader.flag("is_optional") and reader.flag("is_selected"),
        **quantities.read(reader),
    }
    read = {**terms.NONE, **read}
    terms.fail(reader, read)
    if abs(read["quantity"] * read["unit_price"]) > MAX_AMOUNT:
        reader.fail("quantity", TOO_MUCH)
    if read["unit_price"] < 0 and read["discount_value"]:
        reader.fail("discount_value", "A credit can't be discounted. Change its price instead.")
    reader.check("This line isn't saved. Fix the highlighted field.")
    return read
