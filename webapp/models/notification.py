"""Notifications: a push needs attention, or a customer wrote."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, utc_now
from webapp.models.push import PushRun
from webapp.models.quote import Quote


class Notification(Base):
    """The push of a quote stopped, or a customer wrote; of comments one per quote and user while it is unread.

    ``kind``: ``failed`` or ``needs_you`` of a push, ``comment`` of a customer, ``mail`` that wasn't sent.
    """

    __tablename__ = "notification"
    __table_args__ = (Index("ix_notification_inbox", "user_id", "read_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("push_run.id"))
    kind: Mapped[str] = mapped_column(String(12))
    sentence: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    read_at: Mapped[datetime | None]

    quote: Mapped[Quote] = relationship()
    run: Mapped[PushRun | None] = relationship()
