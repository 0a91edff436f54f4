"""The lines of a quote and the sections that they stand in."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, Text, UniqueConstraint, and_, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, Recorded
from webapp.models.catalog import PRICE_RULE_CHECK, RECURRENCE_CHECK, TERM_CHECK, LineFields
from webapp.models.types import ExactDecimal

if TYPE_CHECKING:
    from webapp.models.quote import Quote


# What the customer chooses of a section: nothing, all of it or none, one of its lines.
NO_CHOICE, WHOLE, ONE = SECTION_CHOICES = ("none", "whole", "one")


class QuoteSection(Recorded, Base):
    """A part of a quote with a heading. ``uid`` stays the same through edits and revisions.

    ``choice``: with ``whole``, the customer takes its lines together or not at all, and ``is_selected`` says which
    unless they choose; with ``one``, they take one of its lines, which are all optional with one selected.
    ``starts_page``: the PDF begins a page with it. ``discount_kind``: ``percent`` or an ``amount`` off its lines
    (``services.quoting.money.priced.SectionDiscount``).
    """

    __tablename__ = "quote_section"
    diary_type = "quote"
    diary_skips = Recorded.diary_skips | {"position", "quote_id", "uid"}
    __table_args__ = (
        UniqueConstraint("quote_id", "uid"),
        CheckConstraint("choice in ('none', 'whole', 'one')", name="choice"),
        CheckConstraint("discount_kind in ('none', 'percent', 'amount')", name="discount_kind"),
        CheckConstraint("discount_value >= 0", name="amounts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    uid: Mapped[str] = mapped_column(String(36))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text, default="")
    choice: Mapped[str] = mapped_column(String(8), default="none")
    is_selected: Mapped[bool] = mapped_column(default=False)
    starts_page: Mapped[bool] = mapped_column(default=False)
    discount_kind: Mapped[str] = mapped_column(String(8), default="none", server_default="none")
    discount_value: Mapped[Decimal] = mapped_column(ExactDecimal(4), default=Decimal(0), server_default="0")

    quote: Mapped[Quote] = relationship("Quote", back_populates="sections")

    @property
    def diary_object(self) -> tuple[str, int]:
        """A section belongs to its quote."""
        return self.diary_type, self.quote_id

    @property
    def diary_name(self) -> str:
        """The heading."""
        return self.title

    @property
    def diary_part(self) -> tuple[str, str]:
        """The section's uid and heading."""
        return self.uid, self.title


class QuoteLine(LineFields, Recorded, Base):
    """One line. ``uid`` stays the same through edits and revisions, so that the push can follow the line.

    ``discount_value``: percent, an amount per unit, or an amount off the line, depending on ``discount_kind``.
    ``shows_savings``: the customer sees the list price, and what the line saves on it. Totals include an optional
    line only when ``is_selected``. The lines of a section that is taken as a whole follow the section.
    ``starts_on``: the day from which it is billed, None with the quote. ``min_quantity`` and ``max_quantity``: what
    the customer can change the quantity to, in steps of ``quantity_step`` (None: 1) from the least; None: they
    can't (``services.quoting.money.limits``). ``stored_parts``: what a bundle is made of
    (``services.quoting.revisions.parts``). Lines stand in the order of their sections, those without a section
    first.
    """

    __tablename__ = "quote_line"
    diary_type = "quote"
    diary_skips = Recorded.diary_skips | {
        "item_id",
        "origin_entity",
        "origin_id",
        "position",
        "quote_id",
        "stored_parts",
        "uid",
        # They follow the amounts.
        "price_date",
        "cost_date",
    }
    __table_args__ = (
        UniqueConstraint("quote_id", "uid"),
        CheckConstraint(RECURRENCE_CHECK, name="recurrence"),
        CheckConstraint(PRICE_RULE_CHECK, name="price_rule"),
        CheckConstraint("discount_kind in ('none', 'percent', 'unit', 'line')", name="discount_kind"),
        CheckConstraint("quantity > 0 and discount_value >= 0", name="amounts"),
        CheckConstraint(TERM_CHECK, name="term"),
        CheckConstraint(
            "quantity_step > 0 and min_quantity > 0 and min_quantity <= max_quantity", name="limits"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    uid: Mapped[str] = mapped_column(String(36))
    position: Mapped[int]
    section_id: Mapped[int | None] = mapped_column(ForeignKey("quote_section.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"), index=True)
    quantity: Mapped[Decimal] = mapped_column(ExactDecimal(4))
    discount_kind: Mapped[str] = mapped_column(String(8), default="none")
    discount_value: Mapped[Decimal] = mapped_column(ExactDecimal(4), default=Decimal(0))
    starts_on: Mapped[date | None]
    min_quantity: Mapped[Decimal | None] = mapped_column(ExactDecimal(4))
    max_quantity: Mapped[Decimal | None] = mapped_column(ExactDecimal(4))
    quantity_step: Mapped[Decimal | None] = mapped_column(ExactDecimal(4))
    shows_savings: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_optional: Mapped[bool] = mapped_column(default=False)
    is_selected: Mapped[bool] = mapped_column(default=False)
    stored_parts: Mapped[str] = mapped_column(Text, default="", server_default="")

    quote: Mapped[Quote] = relationship("Quote", back_populates="lines")
    section: Mapped[QuoteSection | None] = relationship()

    @classmethod
    def has_part(cls, field: str, number: int) -> ColumnElement[bool]:
        """The lines with a part whose ``field`` is ``number``. In a text, JSON would escape the quotation marks."""
        return and_(cls.bundle != "", cls.stored_parts.contains(f'"{field}":{number},', autoescape=True))

    @property
    def section_uid(self) -> str:
        """The uid of its section; empty for none. It can be set while the line is in its quote."""
        return self.section.uid if self.section else ""

    @section_uid.setter
    def section_uid(self, uid: str) -> None:
        self.section = next((section for section in self.quote.sections if section.uid == uid), None)

    @property
    def choice(self) -> tuple[bool, bool]:
        """Whether the customer can leave the line out, and whether it is chosen: the section's answer if it has one."""
        if self.section and self.section.choice == WHOLE:
            return True, self.section.is_selected
        return self.is_optional, self.is_selected

    @property
    def counts(self) -> bool:
        """True when the totals include the line."""
        optional, selected = self.choice
        return selected or not optional

    @property
    def diary_object(self) -> tuple[str, int]:
        """A line belongs to its quote."""
        return self.diary_type, self.quote_id

    @property
    def diary_part(self) -> tuple[str, str]:
        """The line's uid and name."""
        return self.uid, self.name
