"""Deliveries: what each reader of the diary has to be told, and the attempts to tell it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.account import User
from webapp.models.base import Base, Timestamped, one_of, utc_now
from webapp.models.diary import DiaryEntry
from webapp.models.quote import Quote, Revision


class DeliveryState(StrEnum):
    """``waiting``: due at ``not_before``. ``running``: a worker has it. ``done``. ``superseded``: no longer needed,
    because a newer delivery covers it. ``parked``: a person must act. ``stopped``: its batch was stopped before it
    started.
    """

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    SUPERSEDED = "superseded"
    PARKED = "parked"
    STOPPED = "stopped"


# The reader that sends email.
MAIL = "mail"
# Deliveries that are still under way.
UNDER_WAY = (DeliveryState.WAITING, DeliveryState.RUNNING)


class PushBatch(Base):
    """Deliveries that an admin started together. ``failures``: in a row; at ``stop_after`` the rest isn't started.

    ``state``: ``running`` or ``stopped`` (``sentence`` says why). A batch stays ``running`` when all its deliveries
    have ended.
    """

    __tablename__ = "push_batch"
    __table_args__ = (CheckConstraint("state in ('running', 'stopped')", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    stop_after: Mapped[int]
    failures: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10), default="running")
    sentence: Mapped[str] = mapped_column(Text, default="")

    created_by: Mapped[User] = relationship()


class Delivery(Timestamped, Base):
    """One event for one reader, written in the same transaction as the event itself.

    ``event``: the diary's entry; None when a person asked for it. ``reason``: the event, or why it was asked for.
    ``address``: which of the reader's recipients, for example a webhook's id; empty when it has only one.
    ``uid`` stays the same on every attempt. ``payload``: the exact text to send, for readers that send one.
    ``lease_until``: a worker that took it has stored an outcome, or taken a lease of its own, by then. ``fence`` only
    grows: a worker with an old one stores nothing.
    ``request_id``: of the click behind it; every log line of the attempts has it.
    ``is_asked_for``: a person wants it now, whatever holds the reader back. ``outcome``: the last attempt's sentence.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        CheckConstraint(one_of("state", DeliveryState), name="state"),
        Index("ix_delivery_due", "reader", "state", "not_before"),
        Index("ix_delivery_address", "reader", "address", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reader: Mapped[str] = mapped_column(String(30))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("diary_entry.id"), index=True)
    reason: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(64), default="")
    quote_id: Mapped[int | None] = mapped_column(ForeignKey("quote.id"), index=True)
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revision.id"))
    uid: Mapped[str | None] = mapped_column(String(40), unique=True)
    payload: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(12), default=DeliveryState.WAITING)
    attempt: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime] = mapped_column(default=utc_now)
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    is_asked_for: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[str] = mapped_column(Text, default="")
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("push_batch.id"), index=True)
    request_id: Mapped[str] = mapped_column(String(64), default="")

    event: Mapped[DiaryEntry | None] = relationship()
    quote: Mapped[Quote | None] = relationship()
    revision: Mapped[Revision | None] = relationship()
    batch: Mapped[PushBatch | None] = relationship()
    attempts: Mapped[list[DeliveryAttempt]] = relationship(
        back_populates="delivery",
        order_by="DeliveryAttempt.id",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )

    @property
    def last_attempt(self) -> DeliveryAttempt | None:
        """The newest attempt, for readers that keep them."""
        return self.attempts[-1] if self.attempts else None


class DeliveryAttempt(Base):
    """One attempt. ``status`` None: there was no response. ``response``: the start of the response body."""

    __tablename__ = "delivery_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    status: Mapped[int | None]
    duration_ms: Mapped[int]
    sentence: Mapped[str] = mapped_column(String(500), default="")
    response: Mapped[str] = mapped_column(Text, default="")

    delivery: Mapped[Delivery] = relationship(back_populates="attempts")
