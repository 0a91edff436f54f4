"""The brand of a quote: what it can be, and the one that it is to have."""

from __future__ import annotations

from webapp.models import CompanyBrand, Quote, db
from webapp.services.company.brand import kept
from webapp.services.core.fields import MAX_ID


def held(brand_id: int | None) -> CompanyBrand | None:
    """The brand that a quote is to have; None for the default, and for one that was deleted.

    It stays until the transaction ends: whoever deletes it waits, and then finds that a quote has it. Whatever gives a
    quote its brand asks here.
    """
    if brand_id is None or not 0 < brand_id <= MAX_ID:
        return None
    lock = {"read": True, "key_share": True}
    return db.session.get(CompanyBrand, brand_id, with_for_update=lock, populate_existing=True)


def choices(quote: Quote) -> list[tuple[str, str]]:
    """What the quote's brand can be, with names: the default, whichever that is (``""``), or one by its id."""
    found = kept.everything()
    named = [one for one in found if not one.is_default or one.id == quote.brand_id]
    default = next((one.name for one in found if one.is_default), kept.first_name())
    return [("", f"Default ({default})"), *((str(one.id), one.name) for one in named)]
