"""Payments: where customers pay a deposit, and what was paid."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.account import User
from webapp.models.base import Base, Recorded, Timestamped, utc_now
from webapp.models.types import ExactDecimal

if TYPE_CHECKING:
    from webapp.models.quote import Quote


class PaymentSettings(Recorded, Timestamped, Base):
    """The only row: the deposit of new quotes, and where it is paid; ``services.company.payments`` has their meaning.

    ``secret_encrypted``: a Fernet token of the secret that signs messages about payments.
    """

    __tablename__ = "payment_settings"
    diary_type = "payment_settings"
    diary_skips = Recorded.diary_skips | {"secret_encrypted"}

    id: Mapped[int] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(String(20), default="link")
    pay_link: Mapped[str] = mapped_column(String(500), default="")
    secret_encrypted: Mapped[str] = mapped_column(Text, default="")
    deposit_kind: Mapped[str] = mapped_column(String(8), default="none")
    deposit_value: Mapped[Decimal] = mapped_column(ExactDecimal(4), default=Decimal(0))
    deposit_is_required: Mapped[bool] = mapped_column(default=False)


class Payment(Base):
    """What was paid for a quote, in its currency. Rows are added; ``removed_at``: it was noted by mistake.

    ``key``: the form, or the gateway and its own number of the payment: each is noted once. ``source``: the gateway, or
    ``hand``; ``noted_by``: then the person. ``reference``: what finds it in the books, such as a check's number.
    """

    __tablename__ = "payment"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)
    amount: Mapped[Decimal] = mapped_column(ExactDecimal(4))
    source: Mapped[str] = mapped_column(String(20))
    reference: Mapped[str] = mapped_column(String(120), default="")
    noted_at: Mapped[datetime] = mapped_column(default=utc_now)
    removed_at: Mapped[datetime | None]
    noted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    quote: Mapped[Quote] = relationship("Quote")
    noted_by: Mapped[User | None] = relationship()
