"""A share in a form: a per cent of something, or an amount."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from webapp.services.catalog.items import MAX_PRICE
from webapp.services.company import place
from webapp.services.core.fields import Reader

PERCENT = "percent"


def read(
    reader: Reader, what: str, kinds: Collection[str], default: str, currency: str
) -> tuple[str, Decimal]:
    """The kind and the value of ``what`` (discount, deposit), whose fields are ``<what>_kind`` and ``<what>_value``.

    A percent sign in the value is its unit. ``default``: the kind where none is chosen.
    """
    name = f"{what}_value"
    text = reader.raw(name)
    kind = PERCENT if text.endswith("%") else reader.choice(f"{what}_kind", kinds, default)
    amount = Reader({name: text.removesuffix("%")}, place.of_company())
    value = amount.decimal(name, default=Decimal(0), maximum=MAX_PRICE, currency=currency)
    for field, sentence in amount.errors.items():
        reader.fail(field, sentence)
    if kind == PERCENT and value > 100:
        reader.fail(name, f"A {what} can't be more than 100%.")
    return kind, value
