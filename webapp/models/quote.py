"""A quote: its lines, frozen revisions, documents and acceptance."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    case,
    false,
    select,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.account import User
from webapp.models.base import Base, Recorded, Searchable, Timestamped, utc_now
from webapp.models.brand import CompanyBrand
from webapp.models.conversation import QuoteShare
from webapp.models.directory import Organization, Person
from webapp.models.evidence import AcceptanceDrawing
from webapp.models.line import QuoteLine, QuoteSection
from webapp.models.signing import COUNTERS, CUSTOMERS, Signature, SignedFields
from webapp.models.types import ExactDecimal

PENDING = "pending"
ACCEPTED = "accepted"
ORDERED = "ordered"
FULFILLED = "fulfilled"
LOST = "lost"
STATUSES = (PENDING, ACCEPTED, ORDERED, FULFILLED, LOST)
WON_STATUSES = (ACCEPTED, ORDERED, FULFILLED)

QUOTE_NUMBERS = "quote"
DISCOUNT_KINDS = ("none", "percent", "unit", "line")
QUOTE_DISCOUNT_KINDS = ("none", "percent", "amount")


class Quote(Searchable, Recorded, Timestamped, Base):
    """The draft that a rep edits. Publishing freezes it as a ``Revision``.

    ``number`` is assigned when the quote is first published. ``public_token`` opens the customer's page.
    ``discount_kind``: ``percent`` off every line, or an ``amount`` off the one-time total.
    ``deposit_kind``: ``percent`` of the first invoice, or a ``fixed`` amount (``quoting.revisions.deposits``).
    ``brand``: None for the company's default.
    ``autotask_opportunity_id``/``autotask_contact_id``: chosen by the rep; with None, the push finds or creates them.
    ``expires_on``: as edited; what counts for the customer is ``expiry``.
    ``lost_reason``: as text; ``loss_reason_id``: the chosen loss reason of the settings, if any.
    ``viewed_at``: when the customer first viewed the live revision.
    Ids aren't used again: the diary names deleted drafts.
    """

    __tablename__ = "quote"
    diary_type = "quote"
    searched = ("title",)
    diary_skips = Recorded.diary_skips | {
        "autotask_opportunity_title",
        "loss_reason_id",
        "public_token",
        "status_changed_at",
        "viewed_at",
    }
    __table_args__ = (
        CheckConstraint("status in ('pending', 'accepted', 'ordered', 'fulfilled', 'lost')", name="status"),
        CheckConstraint("discount_kind in ('none', 'percent', 'amount')", name="discount_kind"),
        CheckConstraint("discount_value >= 0 and shipping_amount >= 0", name="amounts"),
        Index("ix_quote_updated_at", "updated_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int | None] = mapped_column(unique=True)
    public_token: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(200), index=True)
    status: Mapped[str] = mapped_column(String(10), default=PENDING, index=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    currency: Mapped[str] = mapped_column(String(3), default="USD")
    expires_on: Mapped[date | None]
    comments: Mapped[str] = mapped_column(Text, default="")
    internal_notes: Mapped[str] = mapped_column(Text, default="")
    purchase_order_number: Mapped[str] = mapped_column(String(50), default="")
    discount_kind: Mapped[str] = mapped_column(String(8), default="none")
    discount_value: Mapped[Decimal] = mapped_column(ExactDecimal(4), default=Decimal(0))
    shipping_amount: Mapped[Decimal] = mapped_column(ExactDecimal(4), default=Decimal(0))
    deposit_kind: Mapped[str] = mapped_column(String(8), default="none", server_default="none")
    deposit_value: Mapped[Decimal] = mapped_column(ExactDecimal(4), default=Decimal(0), server_default="0")
    deposit_is_required: Mapped[bool] = mapped_column(default=False, server_default=false())
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("brand.id"), index=True)
    autotask_opportunity_id: Mapped[int | None] = mapped_column(BigInteger)
    autotask_opportunity_title: Mapped[str] = mapped_column(String(200), default="")
    autotask_contact_id: Mapped[int | None] = mapped_column(BigInteger)
    viewed_at: Mapped[datetime | None]
    lost_reason: Mapped[str] = mapped_column(String(600), default="")
    loss_reason_id: Mapped[int | None]
    status_changed_at: Mapped[datetime | None]

    owner: Mapped[User] = relationship()
    organization: Mapped[Organization | None] = relationship()
    person: Mapped[Person | None] = relationship()
    brand: Mapped[CompanyBrand | None] = relationship()
    lines: Mapped[list[QuoteLine]] = relationship(
        back_populates="quote", order_by="QuoteLine.position", cascade="all, delete-orphan"
    )
    sections: Mapped[list[QuoteSection]] = relationship(
        back_populates="quote", order_by="QuoteSection.position", cascade="all, delete-orphan"
    )
    revisions: Mapped[list[Revision]] = relationship(back_populates="quote", order_by="Revision.number")
    acceptance: Mapped[Acceptance | None] = relationship(back_populates="quote")

    @property
    def current_revision(self) -> Revision | None:
        """The newest revision; None when the quote was never published."""
        return self.revisions[-1] if self.revisions else None

    @hybrid_property
    def expiry(self) -> date | None:
        """The last day on which the customer can accept: the live revision's, for a draft its own."""
        live = self.current_revision
        return live.expires_on if live else self.expires_on

    @expiry.inplace.expression
    @classmethod
    def _expiry_in_sql(cls) -> ColumnElement[date | None]:
        live = (
            select(Revision.expires_on)
            .where(Revision.quote_id == cls.id)
            .order_by(Revision.number.desc())
            .limit(1)
            .scalar_subquery()
        )
        return case((cls.number.is_(None), cls.expires_on), else_=live)

    @hybrid_property
    def ends_at(self) -> datetime | None:
        """When the customer can't accept the live revision any more; None for a draft, or when it never expires."""
        live = self.current_revision
        return live.ends_at if live else None

    @ends_at.inplace.expression
    @classmethod
    def _ends_at_in_sql(cls) -> ColumnElement[datetime | None]:
        return (
            select(Revision.ends_at)
            .where(Revision.quote_id == cls.id)
            .order_by(Revision.number.desc())
            .limit(1)
            .scalar_subquery()
        )

    @property
    def key_name(self) -> str:
        """The title."""
        return self.title

    @property
    def diary_name(self) -> str:
        """The title."""
        return self.title


class Revision(Base):
    """A published version, frozen. ``content`` is canonical JSON (see ``services.quoting.revisions.snapshot``).

    ``expires_on``: the last day the customer can accept, as in the content. ``ends_at``: when that day is over at the
    seller's place. ``expired_at``: when the worker noticed that it had passed without an answer.
    """

    __tablename__ = "revision"
    __table_args__ = (UniqueConstraint("quote_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    number: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
    content_sha256: Mapped[str] = mapped_column(String(64))
    expires_on: Mapped[date | None]
    ends_at: Mapped[datetime | None]
    expired_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    quote: Mapped[Quote] = relationship(back_populates="revisions")


class Counter(Base):
    """The last number used in a series, for example of quotes. Numbers can have gaps but never repeat."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int]


class StoredPdf:
    """A PDF that is rendered once and stored: rendering again would give different dates."""

    pdf: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class EndedLink(Base):
    """The digest of a ``public_token`` that a quote had before its link was replaced.

    ``last_comment_id``: of the quote's last comment before that, 0 where there was none; None where the version before
    this column replaced the link: then ``ended_at`` says it. ``last_mail_id``: of the last mail before that, likewise.
    """

    __tablename__ = "ended_link"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id", ondelete="CASCADE"), index=True)
    ended_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_comment_id: Mapped[int | None] = mapped_column(default=0)
    last_mail_id: Mapped[int] = mapped_column(default=0, server_default="0")


class RevisionDocument(StoredPdf, Base):
    """The PDF of a revision. ``shows_sha256``: of all that it was rendered from; empty before it was noted."""

    __tablename__ = "revision_document"

    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    shows_sha256: Mapped[str] = mapped_column(String(64), default="")


class AcceptanceDocument(StoredPdf, Base):
    """The PDF of an accepted quote, with who accepted it and when."""

    __tablename__ = "acceptance_document"

    acceptance_id: Mapped[int] = mapped_column(ForeignKey("acceptance.id"), primary_key=True)


class Acceptance(SignedFields, Base):
    """An acceptance by the customer, or recorded by the rep, with the hash of the accepted content.

    It is the last signature, with which the quote was accepted; ``earlier`` are those of the other signers.
    ``signature`` is empty when it was drawn (``AcceptanceDrawing``), or when ``recorded_by`` recorded the acceptance.
    ``share``: the colleague's link through which it came; None for the quote's own. ``wants_countersignature``: the
    signed PDF waits for ours.
    """

    __tablename__ = "acceptance"

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), unique=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    share_id: Mapped[int | None] = mapped_column(ForeignKey("quote_share.id"))
    wants_countersignature: Mapped[bool] = mapped_column(default=False, server_default=false())

    quote: Mapped[Quote] = relationship(back_populates="acceptance")
    recorded_by: Mapped[User | None] = relationship()
    share: Mapped[QuoteShare | None] = relationship()
    drawing: Mapped[AcceptanceDrawing | None] = relationship()
    beside: Mapped[list[Signature]] = relationship(order_by="Signature.id")

    @property
    def is_signed(self) -> bool:
        """True when the customer signed it; else someone here recorded it."""
        return self.recorded_by_id is None

    @property
    def earlier(self) -> list[Signature]:
        """The signatures of the customer's other signers, in the order in which they signed."""
        return [one for one in self.beside if one.kind == CUSTOMERS]

    @property
    def countersignature(self) -> Signature | None:
        """Ours."""
        return next((one for one in self.beside if one.kind == COUNTERS), None)

    @property
    def is_waiting(self) -> bool:
        """True while our countersignature is missing; of a quote that was lost since, nobody waits for it."""
        return self.wants_countersignature and self.countersignature is None and self.quote.status != LOST

    @property
    def names(self) -> str:
        """Everyone at the customer who signed: “Carla Khan and Theo Lindqvist”."""
        *others, last = [*(one.name for one in self.earlier), self.name]
        return f"{', '.join(others)} and {last}" if others else last
