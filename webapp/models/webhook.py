"""Outgoing webhooks: the endpoints, their messages, and the attempts to send them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, Timestamped, utc_now
from webapp.models.quote import Quote

ACTIVE = "active"
PAUSED = "paused"

WAITING = "waiting"
RUNNING = "running"
DELIVERED = "delivered"
FAILED = "failed"


class WebhookEndpoint(Timestamped, Base):
    """A URL that receives events.

    ``secret_encrypted`` is a Fernet token; ``previous_secret_encrypted`` signs beside it until ``previous_until``.
    ``failures`` in a row since ``failing_since``; nothing is sent before ``hold_until``. ``state_sentence`` says why it
    is ``paused``.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (CheckConstraint("state in ('active', 'paused')", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(String(500), unique=True)
    description: Mapped[str] = mapped_column(String(100), default="")
    events: Mapped[list[Any]]
    secret_encrypted: Mapped[str] = mapped_column(Text)
    previous_secret_encrypted: Mapped[str] = mapped_column(Text, default="")
    previous_until: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(10), default=ACTIVE)
    state_sentence: Mapped[str] = mapped_column(String(500), default="")
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    hold_until: Mapped[datetime | None]

    deliveries: Mapped[list[WebhookDelivery]] = relationship(
        back_populates="endpoint", cascade="all, delete-orphan", passive_deletes=True
    )


class WebhookDelivery(Timestamped, Base):
    """One event for one endpoint, written in the same transaction as the event itself.

    ``uid`` is sent to the receiver and stays the same on every attempt. ``body``: the exact text that is sent.
    ``state``: ``waiting`` (due at ``not_before``), ``running``, ``delivered`` or ``failed`` (given up).
    ``is_asked_for``: a person asked to send it now, whatever the endpoint's state. ``status``, ``duration_ms`` and
    ``sentence`` are the last attempt's.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'running', 'delivered', 'failed')", name="state"),
        Index("ix_webhook_delivery_due", "state", "not_before"),
        Index("ix_webhook_delivery_endpoint", "endpoint_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(40), unique=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoint.id", ondelete="CASCADE"))
    quote_id: Mapped[int | None] = mapped_column(ForeignKey("quote.id"), index=True)
    event: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default=WAITING)
    is_asked_for: Mapped[bool] = mapped_column(default=False)
    attempt: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime] = mapped_column(default=utc_now)
    status: Mapped[int | None]
    duration_ms: Mapped[int | None]
    sentence: Mapped[str] = mapped_column(String(500), default="")

    endpoint: Mapped[WebhookEndpoint] = relationship(back_populates="deliveries")
    quote: Mapped[Quote | None] = relationship()
    attempts: Mapped[list[WebhookAttempt]] = relationship(
        back_populates="delivery",
        order_by="WebhookAttempt.id",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )


class WebhookAttempt(Base):
    """One attempt. ``status`` None: there was no response. ``response``: the start of the response body."""

    __tablename__ = "webhook_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(
        ForeignKey("webhook_delivery.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(default=utc_now)
    status: Mapped[int | None]
    duration_ms: Mapped[int]
    sentence: Mapped[str] = mapped_column(String(500), default="")
    response: Mapped[str] = mapped_column(Text, default="")

    delivery: Mapped[WebhookDelivery] = relationship(back_populates="attempts")
