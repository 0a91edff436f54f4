"""The item library: categories, tax codes, items."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    delete,
    event,
    false,
    insert,
    inspect,
)
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from webapp.models import names
from webapp.models.base import Base, Recorded, Searchable, Timestamped, utc_now
from webapp.models.types import ExactDecimal

ONE_TIME = "one_time"
MONTHLY = "monthly"
QUARTERLY = "quarterly"
SEMI_ANNUAL = "semi_annual"
ANNUAL = "annual"
RECURRENCES = (ONE_TIME, MONTHLY, QUARTERLY, SEMI_ANNUAL, ANNUAL)
# How a bundle is priced; empty for what has no parts.
SUM, FIXED = BUNDLE_PRICES = ("sum", "fixed")
TERM_CHECK = "min_term_months >= 0 and term_months >= min_term_months and setup_fee >= 0"
PRICE_RULE_CHECK = "price_rule in ('fixed', 'margin', 'markup', 'tiers')"
RECURRENCE_CHECK = "recurrence in ('one_time', 'monthly', 'quarterly', 'semi_annual', 'annual')"


class Category(Searchable, Recorded, Timestamped, Base):
    """An item category; with a ``parent`` it is a subcategory. There are two levels.

    Ids aren't used again: mappings and undo steps name them.
    """

    __tablename__ = "category"
    diary_type = "category"
    __table_args__ = (UniqueConstraint("parent_id", "name"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)

    parent: Mapped[Category | None] = relationship(remote_side=[id], back_populates="children")
    children: Mapped[list[Category]] = relationship(back_populates="parent", order_by="Category.name")

    @property
    def path(self) -> str:
        """“Category” or “Category > Subcategory”."""
        return f"{self.parent.name} > {self.name}" if self.parent else self.name

    @property
    def diary_name(self) -> str:
        """The whole path."""
        return self.path


class TaxCode(Searchable, Recorded, Timestamped, Base):
    """A named tax rate. ``rate`` is in percent: 8.2500 means 8.25%. Ids aren't used again, as settings name them."""

    __tablename__ = "tax_code"
    diary_type = "tax_code"
    __table_args__ = (CheckConstraint("rate >= 0", name="rate"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    rate: Mapped[Decimal] = mapped_column(ExactDecimal(4))
    is_active: Mapped[bool] = mapped_column(default=True)


class LineFields:
    """What an item of the library and a line of a quote have in common; a line copies it from its item.

    ``origin_entity``/``origin_id``: the Autotask Product, Service or ServiceBundle that the item was pulled from,
    with ``Products``, ``Services`` or ``ServiceBundles`` as in the REST API; both empty for our own items.
    ``price_rule``: what leads the price (``services.quoting.money.prices``), with ``price_percent`` of a margin or
    markup; ``price_ending``: how a reckoned price ends, empty as the company has it; ``tiers``: prices by quantity.
    ``price_date`` and ``cost_date``: since when the amounts are right; None where no one knows. ``bundle``: it has
    parts, and is priced as their sum or at its own price, by no other rule; ``shows_parts``: the customer sees the
    price of each. Of what recurs: ``term_months``, for how long the customer commits (0: not at all);
    ``min_term_months``, after how many months of it they may leave (0: at its end); ``renewal_price``, one unit's
    after the term (None: it stays); ``setup_fee``, once for the line, however many it has. A new field of lines is
    a column here, a name in ``FrozenLine`` (``services.quoting.revisions.snapshot``) and the way it is read
    (``services.catalog.items.read_fields``).
    """

    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    sku: Mapped[str] = mapped_column(String(100), default="")
    mpn: Mapped[str] = mapped_column(String(100), default="")
    manufacturer: Mapped[str] = mapped_column(String(100), default="")
    supplier: Mapped[str] = mapped_column(String(100), default="")
    supplier_sku: Mapped[str] = mapped_column(String(100), default="", server_default="")
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    tax_code_id: Mapped[int | None] = mapped_column(ForeignKey("tax_code.id"))
    unit_price: Mapped[Decimal] = mapped_column(ExactDecimal(4), default=Decimal(0))
    unit_cost: Mapped[Decimal] = mapped_column(ExactDecimal(4), default=Decimal(0))
    list_price: Mapped[Decimal | None] = mapped_column(ExactDecimal(4))
    price_rule: Mapped[str] = mapped_column(String(8), default="fixed", server_default="fixed")
    price_percent: Mapped[Decimal] = mapped_column(ExactDecimal(4), default=Decimal(0), server_default="0")
    price_ending: Mapped[str] = mapped_column(String(4), default="", server_default="")
    tiers: Mapped[str] = mapped_column(Text, default="", server_default="")
    price_date: Mapped[date | None]
    cost_date: Mapped[date | None]
    recurrence: Mapped[str] = mapped_column(String(12), default=ONE_TIME)
    term_months: Mapped[int] = mapped_column(default=0, server_default="0")
    min_term_months: Mapped[int] = mapped_column(default=0, server_default="0")
    setup_fee: Mapped[Decimal] = mapped_column(ExactDecimal(4), default=Decimal(0), server_default="0")
    renewal_price: Mapped[Decimal | None] = mapped_column(ExactDecimal(4))
    origin_entity: Mapped[str] = mapped_column(String(20), default="")
    origin_id: Mapped[int | None] = mapped_column(BigInteger)
    bundle: Mapped[str] = mapped_column(String(5), default="", server_default="")
    shows_parts: Mapped[bool] = mapped_column(default=False, server_default=false())

    @declared_attr
    @classmethod
    def category(cls) -> Mapped[Category | None]:
        """The item category."""
        return relationship(Category)

    @declared_attr
    @classmethod
    def tax_code(cls) -> Mapped[TaxCode | None]:
        """The tax code."""
        return relationship(TaxCode)


# The names of these columns, in their order.
LINE_FIELDS = tuple(LineFields.__annotations__)


class Item(LineFields, Searchable, Recorded, Timestamped, Base):
    """A product or service in the library.

    ``markdown``: the description as it was written; ``description`` is its plain text, for lines and for Autotask.
    ``replaced_by``: the item to sell instead (``services.catalog.replacing``).
    """

    __tablename__ = "item"
    diary_type = "item"
    # The text of what ``markdown`` says.
    diary_skips = Recorded.diary_skips | {"description"}
    searched = ("name", "sku", "mpn", "manufacturer", "supplier_sku")
    __table_args__ = (
        CheckConstraint(RECURRENCE_CHECK, name="recurrence"),
        CheckConstraint(PRICE_RULE_CHECK, name="price_rule"),
        CheckConstraint(TERM_CHECK, name="term"),
        CheckConstraint("replaced_by_id <> id", name="replaced_by"),
        Index("ix_item_origin", "origin_entity", "origin_id"),
        Index("ix_item_listed", "is_active", "name_key", "id"),
        *(
            Index(f"ix_item_{name}", name)
            for name in (
                *("name", "sku", "mpn", "supplier_sku", "manufacturer", "supplier", "category_id"),
                *("unit_price", "unit_cost", "cost_date", "replaced_by_id"),
            )
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    markdown: Mapped[str] = mapped_column(Text, default="", server_default="")
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("item.id", ondelete="SET NULL"))

    replaced_by: Mapped[Item | None] = relationship(remote_side=[id])
    parts: Mapped[list[ItemPart]] = relationship(
        foreign_keys="ItemPart.bundle_id",
        back_populates="bundle",
        order_by="ItemPart.position",
        cascade="all, delete-orphan",
    )


class ItemPart(Recorded, Base):
    """An item that a bundle is made of. ``quantity``: of one bundle. No part is a bundle itself."""

    __tablename__ = "item_part"
    diary_type = "item"
    diary_skips = Recorded.diary_skips | {"bundle_id", "item_id", "position"}
    __table_args__ = (
        UniqueConstraint("bundle_id", "item_id"),
        CheckConstraint("bundle_id <> item_id and quantity > 0", name="part"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    bundle_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), index=True)
    position: Mapped[int]
    quantity: Mapped[Decimal] = mapped_column(ExactDecimal(4))

    bundle: Mapped[Item] = relationship(foreign_keys=[bundle_id], back_populates="parts")
    item: Mapped[Item] = relationship(foreign_keys=[item_id])

    @property
    def diary_object(self) -> tuple[str, int]:
        """A part belongs to its bundle."""
        return self.diary_type, self.bundle_id

    @property
    def diary_part(self) -> tuple[str, str]:
        """The item's id and name."""
        return str(self.item_id), self.item.name


class ItemWord(Base):
    """What an item is found by: ``models.names.search_words`` of its ``searched`` columns. Follows them by itself."""

    __tablename__ = "item_word"
    __table_args__ = (Index("ix_item_word_word", "word", "item_id"),)

    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    # Compared letter by letter on both databases, so that a range of the index holds what begins alike.
    word: Mapped[str] = mapped_column(
        String(names.WORD_LENGTH).with_variant(String(names.WORD_LENGTH, collation="C"), "postgresql"),
        primary_key=True,
    )


class ItemFavorite(Base):
    """An item that a user marked, to find it first."""

    __tablename__ = "item_favorite"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    item_id: Mapped[int] = mapped_column(
        ForeignKey("item.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ItemFile(Base):
    """The image of an item, or a file attached to it; ``services.catalog.files`` says which are taken."""

    __tablename__ = "item_file"
    __table_args__ = (CheckConstraint("kind in ('image', 'file')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(5))
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Picture(Base):
    """An item's image as offers show it, small, by the hash of that image. It stays when another follows."""

    __tablename__ = "picture"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


@event.listens_for(Item, "after_insert")
def _add_words(_mapper: object, connection: Connection, item: Item) -> None:
    words = names.search_words(str(getattr(item, name) or "") for name in Item.searched)
    if words:
        connection.execute(insert(ItemWord), [{"item_id": item.id, "word": word} for word in words])


@event.listens_for(Item, "after_update")
def _follow_words(mapper: object, connection: Connection, item: Item) -> None:
    if inspect(item).attrs.search_key.history.has_changes():
        connection.execute(delete(ItemWord).where(ItemWord.item_id == item.id))
        _add_words(mapper, connection, item)
