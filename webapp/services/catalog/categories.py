"""Item categories and subcategories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Select

from webapp.models import Category, Item, QuoteLine, User, db, names
from webapp.services.core import merge, records, work
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader
from webapp.services.core.formatting import plural
from webapp.services.diary import diary, merging

FIELDS = ("name", "parent")
_BELOW = db.aliased(Category)
# Each top category with each of its subcategories.
_PATHS = (
    db.select(Category.name, _BELOW.name)
    .outerjoin(_BELOW, Category.id == _BELOW.parent_id)
    .where(Category.parent_id.is_(None))
    .order_by(Category.name, _BELOW.name)
)


def get(category_id: int) -> Category:
    """Raises NotFound with a sentence."""
    return records.get(Category, category_id, "This category no longer exists.")


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
    options = []
    for top in tree():
        options.append((top.id, top.name))
        options += [(child.id, f"{top.name} > {child.name}") for child in top.children]
    return options


def parents() -> dict[int, int | None]:
    """The parent of every category, by its id; None for a top category."""
    rows = db.session.execute(db.select(Category.id, Category.parent_id))
    return {row.id: row.parent_id for row in rows}


def paths() -> list[str]:
    """The path of every category, each top category before its subcategories."""
    listed: dict[str, None] = {}
    for top, below in db.session.execute(_PATHS):
        listed[top] = None
        if below is not None:
            listed[f"{top} > {below}"] = None
    return list(listed)


def of_path(path: str) -> Category | None:
    """The category with this path, ignoring case; None when there is none. A name may hold the sign of a path."""
    parts = path.split(">")
    for cut in range(len(parts)):
        above, below = ">".join(parts[:cut]).strip(), ">".join(parts[cut:]).strip()
        parent = find(above, None) if cut else None
        category = find(below, parent) if parent is not None or not cut else None
        if category is not None:
            return category
    return None


def seen(category: Category | None) -> str:
    """The ``seen`` of the category's form (``core.merge``); empty for a new one."""
    return merge.seen({name: getattr(category, name) for name in FIELDS}) if category else ""


@work.command
def save(actor: User | None, category: Category | None, values: Mapping[str, object]) -> Category:
    """Add (None) or rename and move a category.

    Raises Invalid with sentences, or Conflict where someone else changed the same fields; stores nothing then.
    """
    reader = Reader(values)
    name = reader.text("name", 100, missing="Enter the category's name.")
    parent = records.find(Category, reader.identifier("parent_id"))
    if reader.raw("parent_id") and parent is None:
        reader.fail("parent_id", "This category was deleted. Choose another.")
    if parent is not None and parent.parent_id is not None:
        reader.fail("parent_id", "Choose a category, not a subcategory. There are only two levels.")
    if category is not None and parent is not None and (parent is category or category.children):
        reader.fail("parent_id", "A category with subcategories can't become a subcategory.")
    twin = find(name, parent)
    if twin is not None and twin is not category:
        reader.fail("name", "A category with this name already exists here.")
    reader.check()
    read: dict[str, object] = {"name": name, "parent": parent}
    if category is not None:
        read = merging.into(actor, category, values, read, what="category").values
    action = "category.changed" if category else "category.created"
    category = category or Category()
    for field, value in read.items():
        setattr(category, field, value)
    db.session.add(category)
    db.session.flush()
    diary.write(actor, action, "category", category.id, path=category.path)
    return category


def find(name: str, parent: Category | None) -> Category | None:
    """The category with this name under ``parent`` (None: at the top level), ignoring case."""
    query = db.select(Category).where(Category.name_key == names.name_key(name))
    query = query.where(Category.parent_id == (parent.id if parent else None))
    category: Category | None = db.session.scalar(query.limit(1))
    return category


@work.command
def ensure(names: Sequence[str]) -> Category:
    """The category with the path ``names`` (up to two levels), created in the open transaction if it is missing."""
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


@work.command
def delete(actor: User | None, category: Category) -> None:
    """Delete an unused category. Raises Invalid with a sentence that says what uses it."""
    items = _count(db.select(Item.id).where(Item.category_id == category.id))
    of_line = db.or_(QuoteLine.category_id == category.id, QuoteLine.has_part("category_id", category.id))
    lines = _count(db.select(QuoteLine.id).where(of_line))
    children = plural(len(category.children), "subcategory", "subcategories")
    if category.children or items or lines:
        raise Invalid(
            f"“{category.path}” wasn't deleted. It has {children}, {plural(items, 'item')} and "
            f"{plural(lines, 'quote line')}. Move them first, or rename the category."
        )
    diary.write(actor, "category.deleted", "category", category.id, path=category.path)
    db.session.delete(category)


def _count(query: Select[tuple[int]]) -> int:
    return db.session.scalar(db.select(db.func.count()).select_from(query.subquery())) or 0
