"""Tax codes for quote lines."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from webapp.models import Item, QuoteLine, TaxCode, User, db, names
from webapp.services.company import place, profile
from webapp.services.core import merge, records, work
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader
from webapp.services.diary import diary, merging

MAX_RATE = Decimal(100)
FIELDS = ("name", "rate", "is_active")
_EVERYTHING = db.select(TaxCode).order_by(TaxCode.name)


def get(tax_code_id: int) -> TaxCode:
    """Raises NotFound with a sentence."""
    return records.get(TaxCode, tax_code_id, "This tax code no longer exists.")


def everything() -> list[TaxCode]:
    """All tax codes, by name."""
    return list(db.session.scalars(_EVERYTHING))


def usable() -> list[TaxCode]:
    """The active tax codes, by name."""
    return [code for code in everything() if code.is_active]


def of_item(item: Item, default: TaxCode | None) -> TaxCode | None:
    """The tax code of what is sold as ``item``: its own, or ``default`` where it has none that is active."""
    return item.tax_code if item.tax_code is not None and item.tax_code.is_active else default


def seen(tax_code: TaxCode | None) -> str:
    """The ``seen`` of the tax code's form (``core.merge``); empty for a new one."""
    return merge.seen({name: getattr(tax_code, name) for name in FIELDS}) if tax_code else ""


@work.command
def save(actor: User | None, tax_code: TaxCode | None, values: Mapping[str, object]) -> TaxCode:
    """Add (None) or change a tax code; ``rate`` in percent.

    Raises Invalid with sentences, or Conflict where someone else changed the same fields; stores nothing then.
    """
    # “8.25%” is 8.25 percent.
    here = place.of_company()
    reader = Reader({**values, "rate": str(values.get("rate", "")).strip().removesuffix("%")}, here)
    name = reader.text("name", 80, missing="Enter the tax code's name.")
    rate = reader.decimal("rate", maximum=MAX_RATE, example="Enter a percentage, for example 8.25.")
    query = db.select(TaxCode).where(TaxCode.name_key == names.name_key(name))
    twin = db.session.scalar(query.limit(1))
    if twin is not None and twin is not tax_code:
        reader.fail("name", "A tax code with this name already exists.")
    reader.check()
    read: dict[str, object] = {"name": name, "rate": rate, "is_active": reader.flag("is_active")}
    if tax_code is not None:
        reading = merge.Reading(here)
        read = merging.into(actor, tax_code, values, read, what="tax code", reading=reading).values
        if tax_code.is_active and not read["is_active"]:
            _check_not_default(tax_code, "saved")
    action = "tax_code.changed" if tax_code else "tax_code.created"
    tax_code = tax_code or TaxCode()
    for field, value in read.items():
        setattr(tax_code, field, value)
    db.session.add(tax_code)
    db.session.flush()
    diary.write(actor, action, "tax_code", tax_code.id, name=tax_code.name)
    return tax_code


@work.command
def delete(actor: User | None, tax_code: TaxCode) -> None:
    """Delete an unused tax code. Raises Invalid with a sentence that says what to do instead."""
    of_line = db.or_(QuoteLine.tax_code_id == tax_code.id, QuoteLine.has_part("tax_code_id", tax_code.id))
    used = db.session.scalar(db.select(QuoteLine.id).where(of_line).limit(1))
    used = used or db.session.scalar(db.select(Item.id).where(Item.tax_code_id == tax_code.id).limit(1))
    if used is not None:
        raise Invalid(
            f"“{tax_code.name}” wasn't deleted because items or quotes use it. Turn off “Active” instead: no one can "
            "choose it any more, and quotes that use it show an issue before they are published."
        )
    _check_not_default(tax_code, "deleted")
    diary.write(actor, "tax_code.deleted", "tax_code", tax_code.id, name=tax_code.name)
    db.session.delete(tax_code)


def _check_not_default(tax_code: TaxCode, done: str) -> None:
    """New lines would go untaxed, which nothing on a quote without any tax would tell."""
    if tax_code.id == profile.default_tax_code_id():
        sentence = (
            f"“{tax_code.name}” wasn't {done} because it's the company's default tax code. Choose another one, or "
            "none, in Settings > Company first."
        )
        raise Invalid(sentence, {"is_active": sentence} if done == "saved" else {})
