"""What the objects of diary entries are called today, in one query for each kind of object."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from webapp.models import (
    Category,
    CompanyBrand,
    DiaryEntry,
    Item,
    Organization,
    Person,
    Quote,
    TaxCode,
    User,
    db,
)

Key = tuple[str, str]

_NAMED: dict[str, tuple[type[Any], Callable[[Any], str]]] = {
    "quote": (Quote, lambda quote: f"{quote.number}: {quote.title}" if quote.number else quote.title),
    "person": (Person, lambda person: person.full_name),
    "organization": (Organization, lambda organization: organization.name),
    "item": (Item, lambda item: item.name),
    "category": (Category, lambda category: category.path),
    "tax_code": (TaxCode, lambda tax_code: tax_code.name),
    "brand": (CompanyBrand, lambda brand: brand.name),
    "user": (User, lambda user: user.name),
}
# How a command names an object in its detail, for one that is gone.
_IN_DETAIL = ("title", "name", "path", "email", "host")


def of(rows: Iterable[DiaryEntry]) -> dict[Key, str]:
    """The name of each object that ``rows`` are about, by ``(object_type, object_id)``.

    An object that was deleted has the name that an entry of ``rows`` gives; without one, it isn't in the result.
    """
    rows = list(rows)
    found: dict[Key, str] = {}
    for row in rows:
        name = next((row.detail[word] for word in _IN_DETAIL if isinstance(row.detail.get(word), str)), "")
        if name:
            found.setdefault((row.object_type, row.object_id), name)
    for kind, (model, name_of) in _NAMED.items():
        ids = {int(row.object_id) for row in rows if row.object_type == kind and row.object_id.isdecimal()}
        if ids:
            for record in db.session.scalars(db.select(model).where(model.id.in_(ids))):
                found[(kind, str(record.id))] = name_of(record) or found.get((kind, str(record.id)), "")
    return {key: name for key, name in found.items() if name}
