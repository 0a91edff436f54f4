"""Outgoing webhooks: the endpoints. Their messages are deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, Timestamped

ACTIVE = "active"
PAUSED = "paused"


class WebhookEndpoint(Timestamped, Base):
    """A URL that receives events.

    ``url_encrypted`` is a Fernet token, as many URLs are secrets themselves; ``host`` is what lists and logs show.
    ``url_sha256``: of the URL, so that none is added twice.
    ``secret_encrypted`` is a Fernet token; ``previous_secret_encrypted`` signs beside it until ``previous_until``.
    ``failures`` in a row since ``failing_since``; nothing is sent before ``hold_until``. ``state_sentence`` says why it
    is ``paused``.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (CheckConstraint("state in ('active', 'paused')", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    url_encrypted: Mapped[str] = mapped_column(Text, default="", server_default="")
    url_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    host: Mapped[str] = mapped_column(String(255), default="", server_default="")
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
