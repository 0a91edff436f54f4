"""Item categories and subcategories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Select

from webapp.models import Category, Item, QuoteLine, User, db
from webapp.services.core import audit, records
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader

SHOWN = ("name", "parent_id")


def get(category_id: int) -> Category:
    """Raises NotFound with a sentence."""
    return records.get(Category, category_id, "This category is not there any more.")


def tree() -> list[Category]:
    """The top categories by name; each has its ``children``."""
    query = (
        db.select(Category)
        .where(Category.parent_id.is_(None))
        .options(db.selectinload(Category.children))
        .order_by(Category.name)
    )
    return list(db.session.scalars(query))


def choices() -> list[tuple[int, str]]:
    """Id and path of every category, each top category before its subcategories."""
    found = []
    for top in tree():
        found.append((top.id, top.name))
        found += [(child.id, f"{top.name} > {child.name}") for child in top.children]
    return found


def save(actor: User | None, category: Category | None, values: Mapping[str, object]) -> Category:
    """Add (None) or rename and move a category.

    Raises Invalid with sentences, or Conflict when somebody saved it meanwhile; nothing is stored then.
    """
    if category is not None:
        records.check_unchanged(category, SHOWN, values, "category")
    reader = Reader(values)
    name = reader.text("name", 100, missing="Enter the category's name.")
    parent = records.find(Category, reader.identifier("parent_id"))
    if reader.raw("parent_id") and parent is None:
        reader.fail("parent_id", "This category was removed meanwhile. Choose another.")
    if parent is not None and parent.parent_id is not None:
        reader.fail("parent_id", "There are two levels: choose a category, not a subcategory.")
    if category is not None and parent is not None and (parent is category or category.children):
        reader.fail("parent_id", "A category with subcategories cannot become one itself.")
    twin = find(name, parent)
    if twin is not None and twin is not category:
        reader.fail("name", "There is a category with this name at this place already.")
    reader.check()
    action = "category.changed" if category else "category.created"
    category = category or Category()
    category.name, category.parent = name, parent
    db.session.add(category)
    db.session.flush()
    audit.record(actor, action, "category", category.id, path=category.path)
    db.session.commit()
    return category


def find(name: str, parent: Category | None) -> Category | None:
    """The category of this name below ``parent`` (None: at the top), upper and lower case alike."""
    query = db.select(Category).where(db.func.lower(Category.name) == name.lower())
    query = query.where(Category.parent_id == (parent.id if parent else None))
    found: Category | None = db.session.scalar(query.limit(1))
    return found


def ensure(names: Sequence[str]) -> Category:
    """The category of ``names`` (outermost first, two levels count), adding what is missing to the open transaction."""
    parent: Category | None = None
    for name in [name.strip()[:100] for name in names if name.strip()][:2]:
        category = find(name, parent)
        if category is None:
            category = Category(name=name, parent=parent)
            db.session.add(category)
            db.session.flush()
        parent = category
    if parent is None:
        raise Invalid("A category needs a name.")
    return parent


def delete(actor: User | None, category: Category) -> None:
    """Remove a category that nothing uses. Raises Invalid with a sentence that says what does."""
    items = _count(db.select(Item.id).where(Item.category_id == category.id))
    lines = _count(db.select(QuoteLine.id).where(QuoteLine.category_id == category.id))
    if category.children or items or lines:
        raise Invalid(
            f"“{category.path}” was kept: it has {len(category.children)} subcategories, {items} items and {lines} "
            "quote lines. Move those elsewhere first, or rename the category."
        )
    audit.record(actor, "category.deleted", "category", category.id, path=category.path)
    db.session.delete(category)
    db.session.commit()


def _count(query: Select[tuple[int]]) -> int:
    return db.session.scalar(db.select(db.func.count()).select_from(query.subquery())) or 0
